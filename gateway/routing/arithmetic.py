"""`+ - * / // %` on numbers, bounded. No `**`, nothing on texts and lists."""

import math

from gateway.errors import ExpressionFailed
from gateway.routing.values import MAX_BITS, MISSING, absent, is_number, kind


def _small(value: object) -> bool:
    return not isinstance(value, int) or value.bit_length() <= MAX_BITS


def numbers(sign: str, left: object, right: object) -> tuple[int | float, int | float] | None:
    """Both sides of arithmetic; None where one is absent. Raises ExpressionFailed for others."""
    if is_number(left) and is_number(right):
        if _small(left) and _small(right):
            return left, right
        raise ExpressionFailed("a number too large to calculate with")
    if absent(left) or absent(right):
        return None
    raise ExpressionFailed(f"`{sign}` needs numbers, not {kind(left)} and {kind(right)}")


def calculate(sign: str, left: object, right: object) -> object:
    """`+ - * / // %` on numbers; missing where a side is absent."""
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
    "%": lambda one, other: one % other,
}
