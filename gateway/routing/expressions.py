"""Expressions of routes.yaml: the public door. Syntax is in `syntax`, the allowlist in `compiler`."""

from collections.abc import Mapping
from types import MappingProxyType

from gateway.errors import ExpressionFailed
from gateway.routing.allowlist import new_compiler
from gateway.routing.budget import Budget
from gateway.routing.closures import Run
from gateway.routing.constants import Binder, bind_constants
from gateway.routing.scope import NAMES, HeaderValues, Scope
from gateway.routing.syntax import BadExpression, parse_expression, plain_lines
from gateway.routing.values import MISSING, Missing

__all__ = [
    "MISSING",
    "NAMES",
    "BadExpression",
    "Binder",
    "Budget",
    "Expression",
    "HeaderValues",
    "Missing",
    "Scope",
    "bind_constants",
    "compile_expression",
    "guarded",
]

NO_CONSTANTS: Mapping[str, str] = MappingProxyType({})


class Expression:
    """A compiled expression. Immutable; the same one may be evaluated for any number of events."""

    __slots__ = ("_cost", "_run", "fields_used", "source")

    def __init__(self, source: str, run: Run, cost: int, fields_used: frozenset[str]) -> None:
        self.source = source
        """As a person wrote it."""
        self.fields_used = fields_used
        """Fields of `event` that are named in it."""
        self._run = run
        self._cost = cost

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"

    def evaluate(self, scope: Scope, budget: Budget) -> object:
        """Its value: JSON, or MISSING. Raises ExpressionFailed and nothing else."""
        budget.steps -= self._cost
        if budget.steps < 0:
            raise budget.exhausted()
        try:
            return self._run(scope, budget)
        except guarded as error:
            raise ExpressionFailed(f"could not be evaluated ({type(error).__name__})") from error

    def test(self, scope: Scope, budget: Budget) -> bool:
        """Whether it is true of an event. Raises ExpressionFailed and nothing else."""
        budget.steps -= self._cost
        if budget.steps < 0:
            raise budget.exhausted()
        try:
            return bool(self._run(scope, budget))
        except guarded as error:
            raise ExpressionFailed(f"could not be evaluated ({type(error).__name__})") from error


guarded = (TypeError, ValueError, ArithmeticError, LookupError, RecursionError, MemoryError)
"""A fence behind `values`, which raises none of these: a mistake of ours must hold a delivery,
never answer a sender 5xx. Tests call the closures without it."""


def compile_expression(
    text: str,
    *,
    names: frozenset[str] = NAMES,
    fields: frozenset[str] | None = None,
    constants: Mapping[str, str] = NO_CONSTANTS,
    source: str | None = None,
) -> Expression:
    """Compile one expression. Raises BadExpression with place and hint.

    names: what it may begin with. fields: the fields that events of the route's types may have;
    None where that is unknown. constants: from `bind_constants`. source: the text before that.
    """
    text = plain_lines(text)
    tree = parse_expression(text)
    compiler = new_compiler(text, names, fields, constants)
    code = compiler.expression(tree)
    return Expression(
        text if source is None else source,
        code.run,
        compiler.cost + 1,
        frozenset(compiler.fields_used),
    )
