"""What values mean to an expression: missing, truth, text, equality, order, numbers.

Every function is total over JSON values: it gives a value or raises ExpressionFailed, and charges
the budget for work that grows with a value *before* doing it. Syntax is not known here.

`null` in a payload counts as missing everywhere but in `==`, `is none`, `is defined` and `tojson`:
senders write it for "not there". Truth values are no numbers: `true == 1` is false.
"""

import json
import math
from collections.abc import Sequence
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
_HASHED = 64
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
        budget.spend(len(key) // _HASHED)
        return value.get(key, MISSING) if isinstance(value, dict) else MISSING
    return look(value, key) if type(key) is int else MISSING


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


# ---------------------------------------------------------------- comparing


def _plain_equal(left: object, right: object, budget: Budget) -> bool | None:
    """Equality of scalars; None where both are containers of one kind."""
    if isinstance(left, str) and isinstance(right, str):
        if len(left) != len(right):
            return False
        if len(left) > LONG:
            budget.spend(len(left) // LONG)
        return left == right
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, int | float) and isinstance(right, int | float):
        return left == right
    if isinstance(left, list) and isinstance(right, list):
        return None if len(left) == len(right) else False
    if isinstance(left, dict) and isinstance(right, dict):
        return None if len(left) == len(right) else False
    return left is None and right is None


def equal(left: object, right: object, budget: Budget) -> bool:
    """Equality by JSON's kinds. Missing equals nothing, itself included."""
    known = _plain_equal(left, right, budget)
    if known is not None:
        return known
    budget.spend(3)
    pairs: list[tuple[object, object]] = [(left, right)]
    while pairs:
        one, other = pairs.pop()
        budget.spend(1)
        known = _plain_equal(one, other, budget)
        if known is False:
            return False
        if known:
            continue
        if isinstance(one, list) and isinstance(other, list):
            budget.spend(len(one))
            pairs.extend(zip(one, other, strict=True))
        elif isinstance(one, dict) and isinstance(other, dict):
            budget.spend(2 * len(one))
            for key, value in one.items():
                budget.spend(len(key) // _HASHED)
                if key not in other:
                    return False
                pairs.append((value, other[key]))
    return True


def ordering(left: object, right: object, budget: Budget) -> int | None:
    """-1, 0 or 1 for numbers or texts; None where one side is absent or not a number (NaN).

    Raises ExpressionFailed for other kinds: there is no right answer to hide.
    """
    if isinstance(left, str) and isinstance(right, str):
        budget.spend(min(len(left), len(right)) // (LONG // 2))
        return (left > right) - (left < right)
    if absent(left) or absent(right):
        return None
    if _is_number(left) and _is_number(right):
        less, more = left < right, left > right
        return more - less if less or more or left == right else None  # None: NaN is in it
    raise ExpressionFailed(f"{kind(left)} cannot be ordered against {kind(right)}")


def contains(container: object, value: object, budget: Budget) -> bool:
    """`value in container`: an item, a key, a part of a text. False where one side is absent."""
    if isinstance(container, list):
        for part in container:
            budget.spend(1)
            if equal(part, value, budget):
                return True
        return False
    if absent(container) or value is MISSING:
        return False
    if isinstance(container, dict):
        if isinstance(value, str):
            budget.spend(len(value) // _HASHED)
            return value in container
        return False
    if isinstance(container, str):
        if isinstance(value, str):
            charge_search(container, value, budget)
            return value in container
        if value is None:
            return False
    raise ExpressionFailed(f"{kind(value)} cannot be looked for in {kind(container)}")


def charge_search(text: str, part: str, budget: Budget) -> None:
    """Charge for the worst case of finding `part` in `text`.

    CPython (Objects/stringlib/fastsearch.h, 3.10 and later) compares naively below these sizes,
    and in linear time above them.
    """
    length, width = len(text), len(part)
    if width > length or width == 0:
        return
    if length < 2500:
        work = (length - width + 1) * width
    elif (width < 100 and length < 30_000) or width < 6:
        work = length * width
    else:
        work = length * 8
    budget.spend(work // 512)


# ---------------------------------------------------------------- numbers


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _small(value: object) -> bool:
    return not isinstance(value, int) or value.bit_length() <= MAX_BITS


def numbers(sign: str, left: object, right: object) -> tuple[int | float, int | float] | None:
    """Both sides of arithmetic; None where one is absent. Raises ExpressionFailed for others."""
    if _is_number(left) and _is_number(right):
        if _small(left) and _small(right):
            return left, right
        raise ExpressionFailed("a number too large to calculate with")
    if absent(left) or absent(right):
        return None
    raise ExpressionFailed(f"`{sign}` needs numbers, not {kind(left)} and {kind(right)}")


def calculate(sign: str, left: object, right: object) -> object:
    """`+ - * / //` on numbers; missing where a side is absent."""
    pair = numbers(sign, left, right)
    if pair is None:
        return MISSING
    one, other = pair
    try:
        result = _ARITHMETIC[sign](one, other)
    except ZeroDivisionError:
        raise ExpressionFailed("division by zero") from None
    except OverflowError:
        raise ExpressionFailed("a number too large to calculate with") from None
    if not _small(result) or (isinstance(result, float) and not math.isfinite(result)):
        raise ExpressionFailed("a number too large to calculate with")
    return result


_ARITHMETIC = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
    "/": lambda one, other: one / other,
    "//": lambda one, other: one // other,
}
SIGNS: Sequence[str] = tuple(_ARITHMETIC)
