"""Where rules look: a reference compiled to a function of what was received. Nothing is understood
here: `kinds` reads values.
"""

from collections.abc import Callable
from typing import Final

from gateway.model.record import record
from gateway.model.request import Headers
from gateway.providers.declaration import Ref
from gateway.providers.pointers import steps


@record
class Seen:
    """What rules read: one item, the whole payload around it, the headers."""

    item: object
    root: object
    headers: Headers


class _Missing:
    """No value: not the same as null."""


MISSING: Final = _Missing()
Get = Callable[[Seen], object]
_Way = tuple[tuple[str, int], ...]
"""Keys, each with the number it is in a list; -1 for none."""


def getter(ref: Ref) -> Get:
    """A reference as a function; `MISSING` where nothing is there."""
    if ref.startswith("header."):
        name = ref[7:].lower().encode()
        return lambda seen: seen.headers.text(name) or MISSING
    root = ref.startswith("root.")
    text = ref[5:] if root or ref.startswith("body.") else ref
    parts = steps(text) if text.startswith("/") else text.split(".")
    way = tuple((part, int(part) if part.isascii() and part.isdecimal() else -1) for part in parts)
    if root:
        return lambda seen: _walk(seen.root, way)
    # Nearly all places are one or two keys deep, and are asked for at every event.
    if len(parts) == 1:
        return _one(parts[0], way)
    if len(parts) == 2:
        return _two(parts[0], parts[1], way)
    return lambda seen: _walk(seen.item, way)


def _walk(here: object, way: _Way) -> object:
    for key, number in way:
        if type(here) is dict:
            here = here.get(key, MISSING)
        elif type(here) is list and 0 <= number < len(here):
            here = here[number]
        else:
            return MISSING
    return here


def _one(key: str, way: _Way) -> Get:
    def get(seen: Seen) -> object:
        here = seen.item
        return here.get(key, MISSING) if type(here) is dict else _walk(here, way)

    return get


def _two(first: str, second: str, way: _Way) -> Get:
    def get(seen: Seen) -> object:
        here = seen.item
        if type(here) is dict:
            inner = here.get(first)
            if type(inner) is dict:
                return inner.get(second, MISSING)
        return _walk(here, way)

    return get


def there(value: object) -> bool:
    """Whether there is anything: neither null nor an empty text."""
    return value is not MISSING and value is not None and value != ""
