"""`transform`: a YAML value whose texts are templates, rendered to the JSON a target gets."""

from collections.abc import Callable, Mapping
from functools import partial

from gateway.routing.budget import Budget
from gateway.routing.expressions import NO_CONSTANTS
from gateway.routing.scope import NAMES, Scope
from gateway.routing.syntax import BadExpression
from gateway.routing.templates import TextTemplate, compile_text
from gateway.routing.values import MISSING, measure

_Path = tuple[str | int, ...]
_Build = Callable[[Scope, Budget], object]
MAX_DEPTH = 32
_PLAIN = (int, float, bool, type(None))


class Transform:
    """A compiled transform. Immutable."""

    __slots__ = ("_build", "fields_used", "source")

    def __init__(self, build: _Build, fields_used: frozenset[str], source: object) -> None:
        """source: what it was compiled from, to tell one from another."""
        self._build = build
        self.fields_used = fields_used
        self.source = source

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
    compiler = _Compiler(
        partial(compile_text, use="transform", names=names, fields=fields, constants=constants)
    )
    whole = compiler.build(value, ())
    if compiler.errors:
        first, *more = compiler.errors
        first.more = tuple(more)
        raise first
    return Transform(whole, frozenset(compiler.fields_used), (value, dict(constants)))


class _Compiler:
    """Goes through the whole value and gathers every mistake in it."""

    def __init__(self, text: Callable[[str], TextTemplate]) -> None:
        self._text = text
        self.errors: list[BadExpression] = []
        self.fields_used: set[str] = set()

    def build(self, value: object, path: _Path) -> _Build:
        if len(path) > MAX_DEPTH:
            return self._bad(BadExpression("nested too deep"), path)
        if isinstance(value, str):
            return self._template(value, path)
        if isinstance(value, dict):
            return _mapping({key: self._entry(key, below, path) for key, below in value.items()})
        if isinstance(value, list):
            return _list(tuple(self.build(below, (*path, n)) for n, below in enumerate(value)))
        if isinstance(value, _PLAIN):
            return _constant(value)
        hint = "write it in quotes"
        return self._bad(BadExpression("a value that JSON does not have", hint=hint), path)

    def _entry(self, key: object, value: object, path: _Path) -> _Build:
        if isinstance(key, str):
            return self.build(value, (*path, key))
        error = BadExpression("a key must be text", hint="write it in quotes")
        return self._bad(error, (*path, str(key)))

    def _template(self, text: str, path: _Path) -> _Build:
        try:
            template = self._text(text)
        except BadExpression as error:
            return self._bad(error, path)
        self.fields_used.update(template.fields_used)
        return template.value if template.constant is None else _constant(template.constant)

    def _bad(self, error: BadExpression, path: _Path) -> _Build:
        error.path = path
        self.errors.append(error)
        return _constant(None)


def _constant(value: object) -> _Build:
    def build(_scope: Scope, _budget: Budget) -> object:
        return value

    return build


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
