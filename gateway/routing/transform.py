"""`transform`: a YAML value whose texts are templates, rendered to the JSON a target gets."""

from collections.abc import Callable, Mapping

from gateway.routing.budget import Budget
from gateway.routing.expressions import NO_CONSTANTS
from gateway.routing.scope import NAMES, Scope
from gateway.routing.syntax import BadExpression
from gateway.routing.templates import compile_text
from gateway.routing.values import MISSING, measure

_Build = Callable[[Scope, Budget], object]
MAX_DEPTH = 32
_PLAIN = (str, int, float, bool, type(None))


class Transform:
    """A compiled transform. Immutable."""

    __slots__ = ("_build", "fields_used")

    def __init__(self, build: _Build, fields_used: frozenset[str]) -> None:
        self._build = build
        self.fields_used = fields_used

    def render(self, scope: Scope, budget: Budget) -> object:
        """The value: plain JSON that any writer can write.

        What is exactly one `{{ … }}` keeps its type. Where that is missing, its key or list item
        is left out (never null); a missing whole is null. Raises ExpressionFailed.
        """
        value = self._build(scope, budget)
        if value is MISSING:
            return None
        measure(value, budget)
        return value


def compile_transform(
    value: object,
    *,
    names: frozenset[str] = NAMES,
    fields: frozenset[str] | None = None,
    constants: Mapping[str, str] = NO_CONSTANTS,
) -> Transform:
    """Compile a transform. Arguments as `compile_expression` has them.

    constants: from a `Binder` whose `value` was put over the whole. Raises BadExpression whose
    `path` says where; `more` holds the other mistakes of the same value.
    """
    errors: list[BadExpression] = []
    used: set[str] = set()

    def text(source: str) -> _Build:
        template = compile_text(
            source, use="transform", names=names, fields=fields, constants=constants
        )
        used.update(template.fields_used)
        constant = template.constant
        return template.value if constant is None else lambda _scope, _budget: constant

    def build(part: object, path: tuple[str | int, ...]) -> _Build:
        try:
            if len(path) > MAX_DEPTH:
                raise BadExpression("nested too deep")
            if isinstance(part, str):
                return text(part)
        except BadExpression as error:
            error.path = path
            errors.append(error)
            return lambda _scope, _budget: None
        if isinstance(part, dict):
            bad = [key for key in part if not isinstance(key, str)]
            for key in bad:
                error = BadExpression("a key must be text", hint=f'write "{key}" in quotes')
                error.path = (*path, str(key))
                errors.append(error)
            return _mapping(
                {str(key): build(below, (*path, str(key))) for key, below in part.items()}
            )
        if isinstance(part, list):
            return _list(tuple(build(below, (*path, n)) for n, below in enumerate(part)))
        if not isinstance(part, _PLAIN):
            error = BadExpression("a value that JSON does not have", hint="write it in quotes")
            error.path = path
            errors.append(error)
        return lambda _scope, _budget: part

    whole = build(value, ())
    if errors:
        errors[0].more = tuple(errors[1:])
        raise errors[0]
    return Transform(whole, frozenset(used))


def _mapping(parts: Mapping[str, _Build]) -> _Build:
    items = tuple(parts.items())

    def build(scope: Scope, budget: Budget) -> object:
        budget.spend(len(items))
        values = [(key, part(scope, budget)) for key, part in items]
        return {key: value for key, value in values if value is not MISSING}

    return build


def _list(parts: tuple[_Build, ...]) -> _Build:
    def build(scope: Scope, budget: Budget) -> object:
        budget.spend(len(parts))
        values = [part(scope, budget) for part in parts]
        return [value for value in values if value is not MISSING]

    return build
