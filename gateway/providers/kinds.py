"""The kinds of values: each a function from what a sender wrote to what the vocabulary means, None
where it is not of that kind, `NOTHING` where it says that there is none of it (a tag's ref names no
branch). Nothing here raises. Money is `money`'s.
"""

from binascii import unhexlify
from collections.abc import Callable, Mapping
from typing import Final

import orjson

from gateway.providers import times
from gateway.providers.declaration import Field


class _Nothing:
    """Understood, and no value."""


NOTHING: Final = _Nothing()


def text(value: object) -> str | None:
    """A text that is not empty; an integer written out."""
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _integer(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 18:
        return int(value)
    return None


def _boolean(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value) if isinstance(value, str) else None


def _sha(value: object) -> str | _Nothing | None:
    if not isinstance(value, str):
        return None
    if not value.strip("0") and len(value) >= 7:
        return NOTHING
    if not 7 <= len(value) <= 64:
        return None
    try:
        # Four times as fast as a regular expression.
        unhexlify(value + "0" if len(value) % 2 else value)
    except ValueError:
        return None
    return value.lower()


def zeros(sha: str) -> bool:
    """Whether a commit id is git's word for no commit."""
    return len(sha) >= 7 and not sha.strip("0")


def currency(value: object) -> str | None:
    """A code of three letters, upper case."""
    if not isinstance(value, str) or len(value) != 3:
        return None
    return value.upper() if value.isascii() and value.isalpha() else None


def _after(lead: str) -> Callable[[object], str | _Nothing | None]:
    def read(value: object) -> str | _Nothing | None:
        if not isinstance(value, str):
            return None
        return value[len(lead) :] or None if value.startswith(lead) else NOTHING

    return read


def _tail(value: object) -> str | None:
    return value.partition("/")[2] or None if isinstance(value, str) else None


def _repo_url(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    _, slashes, rest = value.partition("://")
    path = rest.partition("/")[2] if slashes else value.partition(":")[2]
    return path.strip("/").removesuffix(".git") or None


def _ref(lead: str) -> Callable[[object], str | None]:
    def read(value: object) -> str | None:
        if not isinstance(value, str) or not value:
            return None
        if lead:
            return value if value.startswith("refs/") else lead + value
        return value if value.startswith("refs/") else None

    return read


def _time(field: Field) -> Callable[[object], str | None]:
    def read(value: object) -> str | None:
        if isinstance(value, str):
            return times.from_text(value, field.zone)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return times.from_number(value, field.unit)
        return None

    return read


def _map(field: Field) -> Callable[[object], str | None]:
    def read(value: object) -> str | None:
        word = value if isinstance(value, str) else orjson.dumps(value).decode()
        return field.table.get(word) or field.otherwise or None

    return read


_PLAIN: Final[Mapping[str, Callable[[object], object]]] = {
    "text": text,
    "integer": _integer,
    "boolean": _boolean,
    "sha": _sha,
    "currency": currency,
    "branch": _after("refs/heads/"),
    "tag": _after("refs/tags/"),
    "tail": _tail,
    "repo_url": _repo_url,
}


def reader(field: Field) -> Callable[[object], object]:
    """How a field's value is understood; money and constants are not read by one value alone."""
    if field.kind == "time":
        return _time(field)
    if field.kind == "map":
        return _map(field)
    if field.kind == "ref":
        return _ref(field.lead)
    return _PLAIN[field.kind]
