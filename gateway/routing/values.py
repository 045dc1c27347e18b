"""What values mean to an expression: missing, keys, text and JSON.

Every function is total over JSON values: it gives a value or raises ExpressionFailed, and charges
the budget for work that grows with a value *before* doing it. Syntax is not known here.

`null` in a payload counts as missing everywhere but in `==`, `is none`, `is defined` and `tojson`:
senders write it for "not there". Comparing and calculating have files of their own.
"""

import json
import math
from typing import Final, TypeGuard, final

from gateway.errors import ExpressionFailed
from gateway.routing.budget import Budget

MAX_BITS = 256
"""Of a whole number that arithmetic gives."""
MAX_DEPTH = 100
"""Levels of a value that is written as JSON or compared."""
_JSON_INTEGERS = range(-(2**63), 2**64)
LONG = 512
"""Characters that are compared within one step."""
HASHED = 64
"""Characters of a computed key that are hashed within one step."""
_WRITING = 8
"""Steps of one call of the JSON writer, and of printing a fraction (17 digits)."""
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":")
)


@final
class Missing:
    """What an absent key or item is."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "missing"


MISSING: Final = Missing()


def absent(value: object) -> bool:
    """Whether a value is missing or null."""
    return value is MISSING or value is None


def kind(value: object) -> str:
    """What a message calls a value. Never the value itself: it may be a secret."""
    match value:
        case Missing() | None:
            return "nothing"
        case bool():
            return "a truth value"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case dict():
            return "a mapping"
        case _:
            return "a list"


def look(value: object, key: object) -> object:
    """A key of a mapping or an index of a list; missing for everything else."""
    if isinstance(value, dict):
        return value.get(key, MISSING)
    if isinstance(value, list) and type(key) is int and -len(value) <= key < len(value):
        return value[key]
    return MISSING


def item(value: object, key: object, budget: Budget) -> object:
    """`look`, with a key that was computed."""
    if isinstance(key, str):
        budget.spend(len(key) // HASHED)
        return value.get(key, MISSING) if isinstance(value, dict) else MISSING
    return look(value, key) if type(key) is int else MISSING


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether a value is a number: truth values are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


# ---------------------------------------------------------------- text and JSON


def measure(value: object, budget: Budget) -> None:
    """Charge for going through a whole value, and refuse what JSON cannot hold.

    After it, writing the value as JSON cannot fail, recurse too deep or take long.
    """
    level: list[object] = [value]
    for _ in range(MAX_DEPTH):
        below: list[object] = []
        budget.spend(len(level))
        for part in level:
            if isinstance(part, dict):
                budget.spend(2 * len(part))
                for key in part:
                    _measure_text(key, budget)
                below.extend(part.values())
            elif isinstance(part, list):
                budget.spend(len(part))
                below.extend(part)
            else:
                _measure_scalar(part, budget)
        if not below:
            return
        level = below
    raise ExpressionFailed(f"a value of more than {MAX_DEPTH} levels")


def _measure_scalar(value: object, budget: Budget) -> None:
    if isinstance(value, str):
        _measure_text(value, budget)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ExpressionFailed("a number that JSON cannot hold")
    elif isinstance(value, int) and value not in _JSON_INTEGERS:
        raise ExpressionFailed("a whole number of more than 64 bits")


def _measure_text(text: str, budget: Budget) -> None:
    budget.emit(len(text) + 2)
    budget.spend(len(text) // 64)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ExpressionFailed("text that is not valid Unicode") from None


def to_json(value: object, budget: Budget) -> str:
    """A value as compact JSON text; missing is `null`."""
    if value is MISSING:
        return "null"
    measure(value, budget)
    budget.spend(_WRITING)
    return _ENCODER.encode(value)


def text_of(value: object, budget: Budget) -> str:
    """A value as it is printed: text as it is, nothing as empty, all else in JSON's words."""
    if isinstance(value, str):
        return value
    if absent(value):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if value.bit_length() > MAX_BITS:
            raise ExpressionFailed("a number too large to print")
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        budget.spend(_WRITING)
        return repr(value)
    return to_json(value, budget)
