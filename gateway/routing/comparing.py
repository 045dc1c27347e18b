"""Equality, order and `in`, by JSON's kinds: truth values are no numbers, `true == 1` is false.

Every function is total: it gives an answer or raises ExpressionFailed, and charges the budget
before the work is done. Nothing recurses: data may be nested 10,000 deep.
"""

from gateway.errors import ExpressionFailed
from gateway.routing.budget import Budget
from gateway.routing.values import HASHED, LONG, MISSING, absent, is_number, kind


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
                budget.spend(len(key) // HASHED)
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
    if is_number(left) and is_number(right):
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
            budget.spend(len(value) // HASHED)
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
