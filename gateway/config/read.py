"""A file becomes shapes, or all of its mistakes at once, each with its place and what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gateway.config import hints, marks, shapes, values
from gateway.config.late import is_late, is_secret
from gateway.config.marks import Marked, Path_
from gateway.config.salvage import Broken, rest
from gateway.errors import ConfigInvalid, Problem


@dataclass(frozen=True, slots=True)
class Config:
    """What of a file has the right shape, with the marks its meaning is checked against."""

    file: shapes.File
    marked: Marked
    folder: Path
    problems: tuple[Problem, ...] = ()
    """Mistakes of syntax and shape. What they touch is not in `file`; none of it may be used then,
    but its meaning can be checked, so that all mistakes of a file are said at once."""
    routes: tuple[int, ...] = ()
    """The number in the file of each route of `file`."""

    def names(self, section: str) -> frozenset[str]:
        """All names in a section, those of broken entries too."""
        data = self.marked.data
        entries = data.get(section) if isinstance(data, dict) else None
        return (
            frozenset(str(name) for name in entries) if isinstance(entries, dict) else frozenset()
        )


def read(path: Path, environ: Mapping[str, str]) -> Config:
    """Reads and shapes a file. Raises `ConfigInvalid` where too little of it has a shape."""
    marked = marks.read(path)
    problems = list(marked.problems)
    if marked.data is None:
        raise ConfigInvalid(tuple(problems))
    broken: list[Broken] = []
    data = _substituted(marked.data, (), environ, marked, problems, broken)
    folder = path.absolute().parent
    try:
        file = shapes.File.model_validate(data)
    except ValidationError as error:
        complaints = _complaints(error, marked)
        seen = {problem.path for problem in problems}
        found = _once([_problem(one, marked) for one in complaints])
        problems += [problem for problem in found if problem.path not in seen]
        broken += [one.broken for one in complaints]
    else:
        if not broken:
            return Config(file, marked, folder, _sorted(problems), tuple(range(len(file.routes))))
    left = rest(data, broken)
    try:
        if left is None:
            raise ConfigInvalid(_sorted(problems))
        file = shapes.File.model_validate(left.data)
    except ValidationError:
        raise ConfigInvalid(_sorted(problems)) from None
    return Config(file, marked, folder, _sorted(problems), left.routes)


@dataclass(frozen=True, slots=True)
class _Complaint:
    """One of pydantic's, with its place in the file."""

    detail: ErrorDetails
    broken: Broken
    keys: Sequence[str]
    """That the shape there has."""

    @property
    def name(self) -> str:
        """Of the key that is unknown or missing."""
        return str(self.detail["loc"][-1])


def _complaints(error: ValidationError, marked: Marked) -> list[_Complaint]:
    """Pydantic's complaints without those that only echo another: a union's literal where a mapping
    was given, and a key that is missing because it was written wrong."""
    found = [
        _complaint(detail, marked)
        for detail in error.errors(include_url=False)
        if not (detail["type"] == "literal_error" and isinstance(detail["input"], dict))
    ]
    meant = {(*one.broken.path[:-1], one.broken.meant) for one in found if one.broken.kind == "key"}
    return [
        one
        for one in found
        if one.broken.kind != "missing" or (*one.broken.path, one.name) not in meant
    ]


def _complaint(detail: ErrorDetails, marked: Marked) -> _Complaint:
    path, model = _place(detail["loc"], marked.data)
    keys = [info.alias or name for name, info in model.model_fields.items()]
    if detail["type"] == "extra_forbidden":
        broken = Broken(path, "key", hints.nearest(str(path[-1]), keys))
    else:
        broken = Broken(path, "missing" if detail["type"] == "missing" else "value")
    return _Complaint(detail, broken, keys)


def _sorted(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: (problem.line, problem.column)))


def _once(problems: Sequence[Problem]) -> list[Problem]:
    """A union reports each of its members' complaints: the first of a place is enough."""
    first: dict[tuple[int, int, str], Problem] = {}
    for problem in problems:
        first.setdefault((problem.line, problem.column, problem.path), problem)
    return list(first.values())


def _substituted(
    data: object,
    path: Path_,
    environ: Mapping[str, str],
    marked: Marked,
    problems: list[Problem],
    broken: list[Broken],
) -> object:
    if isinstance(data, dict):
        return {
            key: value
            if is_late((*path, key))
            else _substituted(value, (*path, key), environ, marked, problems, broken)
            for key, value in data.items()
        }
    if isinstance(data, list):
        return [
            _substituted(value, (*path, number), environ, marked, problems, broken)
            for number, value in enumerate(data)
        ]
    if not isinstance(data, str) or "$" not in data:
        return data
    try:
        text = values.substitute(data, environ)
    except values.BadVariable as bad:
        problems.append(marked.problem(path, str(bad), bad.hint, inside=bad.position))
        broken.append(Broken(path, "value"))
        return data
    marked.put_in[path] = (str(text), data)
    return text


# ---------------------------------------------------------------- pydantic's words into ours


def _problem(complaint: _Complaint, marked: Marked) -> Problem:
    detail, path, name = complaint.detail, complaint.broken.path, complaint.name
    kind = detail["type"]
    if kind == "extra_forbidden":
        hint = hints.known(name, complaint.keys)
        return marked.problem(path, f"unknown key {name!r}", hint, key=True)
    if kind == "missing":
        return marked.problem(path, f"the key {name!r} is missing")
    given = detail["input"]
    if kind == "literal_error":
        wanted = str(detail.get("ctx", {}).get("expected", ""))
        options = [word.strip("'\" ") for word in wanted.replace(" or ", ", ").split(",")]
        hint = hints.did_you_mean(hints.nearest(str(given), options))
        return marked.problem(path, f"{given!r} is none of: {', '.join(options)}", hint)
    if kind == "string_pattern_mismatch":
        hint = "use a-z, 0-9, _ and -, begin with a letter or digit, 63 characters at most"
        return marked.problem(path, f"{given!r} is no name", hint, key=_is_key(detail))
    if kind == "value_error":
        return marked.problem(path, str(detail["msg"]).removeprefix("Value error, "))
    what = _WANTED.get(kind, str(detail["msg"]).lower())
    number = kind == "string_type" and isinstance(given, bool | int | float)
    shown = _KINDS.get(type(given), "that") if is_secret(path) else _shown(given)
    return marked.problem(path, f"{what}, not {shown}", "put it in quotes" if number else "")


_WANTED: Final = {
    "string_type": "a text is wanted",
    "bool_type": "true or false is wanted",
    "int_type": "a whole number is wanted",
    "list_type": "a list is wanted",
    "dict_type": "a mapping is wanted",
    "model_type": "a mapping is wanted",
    "model_attributes_type": "a mapping is wanted",
    "too_short": "at least one is wanted",
}


_KINDS: Final = {
    str: "a text", int: "a number", float: "a number", bool: "true or false",
    list: "a list", dict: "a mapping", type(None): "nothing",
}  # fmt: skip


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    return repr(value)


def _is_key(detail: ErrorDetails) -> bool:
    return detail["loc"][-1] == "[key]"


def _place(loc: tuple[int | str, ...], data: object) -> tuple[Path_, type[BaseModel]]:
    """The place in the file for pydantic's location, and the shape it lies in.

    Pydantic's location also names the members of unions (`Verify`): parts that are not in the data
    are passed over, but for the last, which may be the unknown key.
    """
    path: list[int | str] = []
    here = data
    model: type[BaseModel] = shapes.File
    for part in loc:
        inside = isinstance(here, dict) and part in here
        within = isinstance(here, list) and isinstance(part, int) and part < len(here)
        if not inside and not within:
            continue
        here = here[part]  # type: ignore[index]  # a dict or list, as just seen
        path.append(part)
        model = _inner(model, part) or model
    return tuple(path), model


def _inner(model: type[BaseModel], part: int | str) -> type[BaseModel] | None:
    """The shape a key of a shape holds, through lists, mappings and unions."""
    for name, info in model.model_fields.items():
        if part in {name, info.alias}:
            return _shape_in(info.annotation)
    return None


def _shape_in(annotation: Any) -> type[BaseModel] | None:  # Any: a type expression
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in get_args(annotation):
        if found := _shape_in(part):
            return found
    return None
