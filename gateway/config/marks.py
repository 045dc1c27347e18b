"""YAML with line and column for every key and value, and doubled keys as errors.

Gives plain data and, beside it, where each part of it stands. YAML 1.2 types; no tags, no anchors
that multiply, no merge keys: a file in git should say what it says.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from gateway.errors import Problem

Path_ = tuple[str | int, ...]
"""A place in the structure: `("sources", "github", "secrets", 0)`."""

_TRUE: Final = {"true", "True", "TRUE"}
_FALSE: Final = {"false", "False", "FALSE"}
_NULL: Final = {"", "~", "null", "Null", "NULL"}
_INT: Final = re.compile(r"[-+]?[0-9]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_DEEPEST: Final = 64


@dataclass(frozen=True, slots=True)
class Mark:
    """Where something stands, from 1."""

    line: int
    column: int
    offset: int = 0
    """Characters between the value's mark and its first character: 1 behind a quote."""


@dataclass(slots=True)
class Marked:
    """A file's data and where each part of it stands."""

    file: str
    data: object = None
    values: dict[Path_, Mark] = field(default_factory=dict)
    keys: dict[Path_, Mark] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def at(self, path: Path_, *, key: bool = False) -> Mark:
        """The mark of a place; of the nearest place around it where it is not in the file."""
        table = self.keys if key else self.values
        while path:
            if path in table:
                return table[path]
            path = path[:-1]
            table = self.values
        return self.values.get((), Mark(1, 1))

    def problem(
        self, path: Path_, message: str, hint: str = "", *, key: bool = False, inside: int = 0
    ) -> Problem:
        """A problem at a place. inside: characters into the value, for texts within it."""
        mark = self.at(path, key=key)
        column = mark.column + (inside + mark.offset if inside else 0)
        return Problem(message, self.file, mark.line, column, dotted(path), hint)


def dotted(path: Path_) -> str:
    """A place as people write it: `routes[0].when`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def read(file: Path) -> Marked:
    """Reads a file. Problems are in the result; nothing is raised for bad content."""
    marked = Marked(str(file))
    try:
        text = file.read_bytes().decode("utf-8")
    except OSError as error:
        marked.problems.append(Problem(f"cannot read the file: {error.strerror}", str(file)))
        return marked
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        marked.problems.append(
            Problem("not UTF-8 text", str(file), line, 1, hint="save the file as UTF-8")
        )
        return marked
    try:
        root = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        said = str(error.problem or error.context or "not YAML")
        hint = "YAML takes spaces, no tabs, for indentation" if "\\t" in said else ""
        marked.problems.append(Problem(f"not YAML: {said}", str(file), line, column, "", hint))
        return marked
    except YAMLError as error:
        marked.problems.append(Problem(f"not YAML: {error}", str(file), 1, 1))
        return marked
    if not isinstance(root, MappingNode):
        what = "the file is empty" if root is None else "the file is not a mapping of keys"
        marked.problems.append(
            Problem(what, str(file), 1, 1, hint="`gateway init` writes one to begin with")
        )
        return marked
    marked.data = _build(root, (), marked)
    return marked


def _build(node: Node, path: Path_, marked: Marked) -> object:
    quoted = isinstance(node, ScalarNode) and node.style in {"'", '"'}
    start = node.start_mark
    marked.values[path] = Mark(start.line + 1, start.column + 1, int(quoted))
    if len(path) > _DEEPEST:
        marked.problems.append(marked.problem(path, "nested too deep"))
        return None
    if node.anchor and not isinstance(node, ScalarNode):
        marked.problems.append(
            marked.problem(
                path, f"anchor &{node.anchor}: anchors of lists and mappings are not taken"
            )
        )
        return None
    if isinstance(node, MappingNode):
        return _mapping(node, path, marked)
    if isinstance(node, SequenceNode):
        return [_build(item, (*path, number), marked) for number, item in enumerate(node.value)]
    return _scalar(node)


def _mapping(node: MappingNode, path: Path_, marked: Marked) -> dict[str, object]:
    found: dict[str, object] = {}
    for key_node, value_node in node.value:
        mark = Mark(key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        name = key_node.value if isinstance(key_node, ScalarNode) else None
        if name is None or name == "<<":
            place = Problem("a key must be plain text", marked.file, mark.line, mark.column)
            marked.problems.append(place)
            continue
        here = (*path, name)
        if name in found:
            first = marked.keys[here].line
            marked.problems.append(
                Problem(
                    f"key {name!r} stands here a second time",
                    marked.file,
                    mark.line,
                    mark.column,
                    dotted(here),
                    f"the first one is on line {first}; join them or give one another name",
                )
            )
            continue
        marked.keys[here] = mark
        found[name] = _build(value_node, here, marked)
    return found


def _scalar(node: Node) -> object:
    text = str(node.value)
    if not isinstance(node, ScalarNode) or node.style in {"'", '"', "|", ">"}:
        return text
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if _INT.fullmatch(text) and len(text) <= 18:  # fits 63 bits
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
