"""The closures of operators, as `closures` has those of names and words."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from gateway.routing.arithmetic import calculate
from gateway.routing.budget import Budget
from gateway.routing.closures import Run, constant
from gateway.routing.comparing import contains, equal, ordering
from gateway.routing.scope import Scope
from gateway.routing.values import LONG, text_of

Comparison = Callable[[object, object, Budget], bool]


def _less(left: object, right: object, budget: Budget) -> bool:
    return ordering(left, right, budget) == -1


def _less_or_equal(left: object, right: object, budget: Budget) -> bool:
    return ordering(left, right, budget) in {-1, 0}


def _more(left: object, right: object, budget: Budget) -> bool:
    return ordering(left, right, budget) == 1


def _more_or_equal(left: object, right: object, budget: Budget) -> bool:
    return ordering(left, right, budget) in {0, 1}


def _unequal(left: object, right: object, budget: Budget) -> bool:
    return not equal(left, right, budget)


def _in(left: object, right: object, budget: Budget) -> bool:
    return contains(right, left, budget)


def _not_in(left: object, right: object, budget: Budget) -> bool:
    return not contains(right, left, budget)


COMPARISONS: Mapping[str, Comparison] = MappingProxyType(
    {
        "eq": equal,
        "ne": _unequal,
        "lt": _less,
        "lteq": _less_or_equal,
        "gt": _more,
        "gteq": _more_or_equal,
        "in": _in,
        "notin": _not_in,
    }
)


def equals_text(left: Run, text: str, wanted: bool) -> Run:
    """`== '…'` (wanted) or `!= '…'`, what conditions use most."""
    if len(text) > LONG:
        return compare(left, equal if wanted else _unequal, constant(text))
    if wanted:

        def run_equal(scope: Scope, budget: Budget) -> object:
            return left(scope, budget) == text

        return run_equal

    def run(scope: Scope, budget: Budget) -> object:
        return left(scope, budget) != text

    return run


def compare(left: Run, comparison: Comparison, right: Run) -> Run:
    """One comparison."""

    def run(scope: Scope, budget: Budget) -> object:
        return comparison(left(scope, budget), right(scope, budget), budget)

    return run


def compare_chain(left: Run, chain: tuple[tuple[Comparison, Run], ...]) -> Run:
    """`a < b < c`: each side is evaluated once, and none behind the first false."""

    def run(scope: Scope, budget: Budget) -> object:
        one = left(scope, budget)
        for comparison, right in chain:
            other = right(scope, budget)
            if not comparison(one, other, budget):
                return False
            one = other
        return True

    return run


def both(left: Run, right: Run, cost: int) -> Run:
    """`and`: gives a side, as Jinja2 does. cost: of the right one."""

    def run(scope: Scope, budget: Budget) -> object:
        value = left(scope, budget)
        if not value:
            return value
        budget.steps -= cost
        if budget.steps < 0:
            raise budget.exhausted()
        return right(scope, budget)

    return run


def either(left: Run, right: Run, cost: int) -> Run:
    """`or`: gives a side, as Jinja2 does. cost: of the right one."""

    def run(scope: Scope, budget: Budget) -> object:
        value = left(scope, budget)
        if value:
            return value
        budget.steps -= cost
        if budget.steps < 0:
            raise budget.exhausted()
        return right(scope, budget)

    return run


def negation(value: Run) -> Run:
    """`not`."""

    def run(scope: Scope, budget: Budget) -> object:
        return not value(scope, budget)

    return run


def choice(condition: Run, chosen: tuple[Run, int], other: tuple[Run, int]) -> Run:
    """`a if condition else b`, each part with its cost."""

    def run(scope: Scope, budget: Budget) -> object:
        part, cost = chosen if condition(scope, budget) else other
        budget.spend(cost)
        return part(scope, budget)

    return run


def arithmetic(left: Run, sign: str, right: Run) -> Run:
    """A sum."""

    def run(scope: Scope, budget: Budget) -> object:
        return calculate(sign, left(scope, budget), right(scope, budget))

    return run


def concat(parts: tuple[Run, ...]) -> Run:
    """`~`: what is made counts as output."""

    def run(scope: Scope, budget: Budget) -> object:
        texts = []
        for part in parts:
            text = text_of(part(scope, budget), budget)
            budget.emit(len(text))
            texts.append(text)
        return "".join(texts)

    return run
