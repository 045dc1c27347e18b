"""YAML with line and column for every key and value, and doubled keys as errors.

Gives plain data and, beside it, where each part of it stands. YAML 1.2 types; no tags, no anchors
that multiply, no merge keys: a file in git should say what it says.
"""

import re
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from gateway.config import places
from gateway.errors import Problem

Path_ = tuple[str | int, ...]
"""A place in the structure: `("sources", "github", "secrets", 0)`."""

_TRUE: Final = {"true", "True", "TRUE"}
_FALSE: Final = {"false", "False", "FALSE"}
_NULL: Final = {"", "~", "null", "Null", "NULL"}
_INT: Final = re.compile(r"[-+]?[0-9]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_DEEPEST: Final = 64
_TAG: Final = re.compile(r"(?:&\S+\s+)?(!\S*)")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Mark:
    """Where something stands, from 1."""

    line: int
    column: int
    raw: str = ""
    """A scalar as the file has it, quotes and indentation included."""
    value: str = ""
    """What YAML reads from it."""

    def inside(self, position: int) -> tuple[int, int]:
        """Line and column of a character of the value."""
        lines, characters = places.inside(self.raw, self.value, position)
        return (self.line + lines, characters + (1 if lines else self.column))


@dataclass(slots=True)
class Marked:
    """A file's data and where each part of it stands."""

    file: str
    data: object = None
    values: dict[Path_, Mark] = field(default_factory=dict)
    keys: dict[Path_, Mark] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    put_in: dict[Path_, tuple[str, str]] = field(default_factory=dict)
    """Texts with variables put in, and as the file has them: a variable may hold a secret."""

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
        self,
        path: Path_,
        message: str,
        hint: str = "",
        *,
        key: bool = False,
        inside: int | None = None,
    ) -> Problem:
        """A problem at a place. inside: characters into the value, for texts within it.

        A text that the message quotes is shown as the file has it, with its variables.
        """
        for where, (text, written) in self.put_in.items():
            if where[: len(path)] == path[: len(where)]:
                message = message.replace(repr(text), repr(written))
        mark = self.at(path, key=key)
        line, column = (mark.line, mark.column) if inside is None else mark.inside(inside)
        return Problem(message, self.file, line, column, dotted(path), hint)


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
        text = file.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
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
        with warnings.catch_warnings(action="ignore", category=ReusedAnchorWarning):
            root = YAML(typ="safe", pure=True).compose(text)
        if isinstance(root, MappingNode):
            marked.data = _Builder(marked, text).build(root, ())
            return marked
        what = "the file is empty" if root is None else "the file is not a mapping of keys"
        hint = "`gateway init` writes one to begin with"
        marked.problems.append(Problem(what, str(file), 1, 1, hint=hint))
    except RecursionError:
        marked.problems.append(Problem("nested too deep", str(file), 1, 1))
    except (YAMLError, ValueError) as error:  # ValueError: numbers that YAML's escapes do not have
        marked.problems.append(_not_yaml(error, marked, text))
    return marked


def _not_yaml(error: Exception, marked: Marked, text: str) -> Problem:
    line, column, said, hint = 1, 1, str(error), ""
    if isinstance(error, MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        if mark:
            line, column = mark.line + 1, mark.column + 1
        said = str(error.problem or error.context or "not YAML")
        begun = error.context_mark
        if "\\t" in said:
            hint = "YAML takes spaces, no tabs, for indentation"
        elif mark and text[mark.index - 1 : mark.index + 1] == "${":
            hint = 'between { } and [ ] a variable stands in quotes: "${NAME}"'
        elif begun and begun.line + 1 != line and error.context:
            hint = f"{error.context} that begins on line {begun.line + 1}"
    elif isinstance(error, ReaderError):
        before = text[: error.position]
        line, column = before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1
        said = f"the character U+{ord(text[error.position]):04X} cannot stand in it"
    return Problem(f"not YAML: {said}", marked.file, line, column, "", hint)


@dataclass(slots=True)
class _Builder:
    """Goes over the nodes once; what is not taken becomes a problem and None."""

    marked: Marked
    text: str
    refused: set[int] = field(default_factory=set)
    """Nodes already complained of: an alias leads to the same one again."""

    def build(self, node: Node, path: Path_) -> object:
        """The data of a node."""
        start = node.start_mark
        line, column = start.line + 1, start.column + 1
        if isinstance(node, ScalarNode):
            raw = self.text[start.index : node.end_mark.index]
            self.marked.values[path] = Mark(line, column, raw, str(node.value))
        else:
            self.marked.values[path] = Mark(line, column)
        if refused := self._not_taken(node, path):
            if id(node) not in self.refused:
                self.marked.problems.append(self.marked.problem(path, *refused))
            self.refused.add(id(node))
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self.build(item, (*path, number)) for number, item in enumerate(node.value)]
        return _scalar(node)

    def _not_taken(self, node: Node, path: Path_) -> tuple[str, str] | None:
        if len(path) > _DEEPEST:
            return "nested too deep", ""
        if node.anchor and not isinstance(node, ScalarNode):
            said = f"anchor &{node.anchor}: anchors of lists and mappings are not taken"
            return said, "write it out where it is needed"
        if tag := _TAG.match(self.text, node.start_mark.index):
            return f"the tag {tag[1]} is not taken", "leave it out: values have their kind by rule"
        if isinstance(node, ScalarNode) and _SURROGATE.search(str(node.value)):
            return "a lone surrogate is no character", ""
        return None

    def _mapping(self, node: MappingNode, path: Path_) -> dict[str, object]:
        marked = self.marked
        found: dict[str, object] = {}
        for key_node, value_node in node.value:
            mark = Mark(key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            name = key_node.value if isinstance(key_node, ScalarNode) else None
            if name is None or name == "<<" or _SURROGATE.search(name):
                hint = "merge keys are not taken: write them out" if name == "<<" else ""
                where = (marked.file, mark.line, mark.column, dotted(path), hint)
                marked.problems.append(Problem("a key must be plain text", *where))
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
            found[name] = self.build(value_node, here)
            if value_node.start_mark.index == value_node.end_mark.index:
                marked.values[here] = mark  # nothing is written: YAML would name the next word
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
    if _INT.fullmatch(text):  # a longer one does not fit 63 bits: it is somebody's number, a text
        return int(text) if len(text) <= 18 else text
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
