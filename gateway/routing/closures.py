"""The closures an expression is made of. Nothing is decided here: `compiler` checks, `values` means.

They are written out one by one because they run for every event: a `when` costs about a
microsecond.
"""

from collections.abc import Callable
from operator import attrgetter

from gateway.errors import ExpressionFailed
from gateway.routing.budget import Budget
from gateway.routing.scope import Scope
from gateway.routing.values import (
    MISSING,
    absent,
    kind,
    look,
)
from gateway.routing.values import item as item_of
from gateway.routing.words import Action

Run = Callable[[Scope, Budget], object]
Root = Callable[[Scope], object]
Comparison = Callable[[object, object, Budget], bool]


def nothing(_scope: Scope, _budget: Budget) -> object:
    """An `if` without `else`."""
    return MISSING


def constant(value: object) -> Run:
    """A value that is always the same."""

    def run(_scope: Scope, _budget: Budget) -> object:
        return value

    return run


def root(read: Root) -> Run:
    """A name on its own."""

    def run(scope: Scope, _budget: Budget) -> object:
        return read(scope)

    return run


def variable(slot: int) -> Run:
    """A loop's variable."""

    def run(scope: Scope, _budget: Budget) -> object:
        return scope.variables[slot]

    return run


def header(name: str) -> Run:
    """A header whose name is known beforehand, in lower case."""

    def run(scope: Scope, _budget: Budget) -> object:
        return scope.headers.get(name, MISSING)

    return run


def computed_header(key: Run) -> Run:
    """A header whose name is computed."""

    def run(scope: Scope, budget: Budget) -> object:
        name = key(scope, budget)
        if not isinstance(name, str) or len(name) > 256:
            return MISSING
        return scope.headers.get(name.lower(), MISSING)

    return run


def path(name: str, keys: tuple[object, ...]) -> Run:
    """Keys below a name. The two names that every condition begins with are read directly."""
    read: Root = attrgetter(name)
    first, *others = keys
    rest = tuple(others)

    def run_event(scope: Scope, _budget: Budget) -> object:
        return scope.event.get(first, MISSING)  # type: ignore[call-overload]  # text, as checked

    def run_payload(scope: Scope, _budget: Budget) -> object:
        value = scope.payload
        for key in keys:
            value = value.get(key, MISSING) if type(value) is dict else look(value, key)
        return value

    def run(scope: Scope, _budget: Budget) -> object:
        value = look(read(scope), first)
        for key in rest:
            value = look(value, key)
        return value

    if name == "event" and not rest:
        return run_event
    return run_payload if name == "payload" else run


def path_from(base: Run, keys: tuple[object, ...]) -> Run:
    """Known keys below a computed value."""

    def run(scope: Scope, budget: Budget) -> object:
        value = base(scope, budget)
        for key in keys:
            value = look(value, key)
        return value

    return run


def item(base: Run, key: Run) -> Run:
    """A computed key or index."""

    def run(scope: Scope, budget: Budget) -> object:
        return item_of(base(scope, budget), key(scope, budget), budget)

    return run


def make_list(items: tuple[Run, ...]) -> Run:
    """A missing item is null: lists hold JSON values only."""

    def run(scope: Scope, budget: Budget) -> object:
        values = [item(scope, budget) for item in items]
        return [None if value is MISSING else value for value in values]

    return run


def make_dict(pairs: tuple[tuple[str, Run], ...]) -> Run:
    """A missing value leaves its key out."""

    def run(scope: Scope, budget: Budget) -> object:
        values = [(key, value(scope, budget)) for key, value in pairs]
        return {key: value for key, value in values if value is not MISSING}

    return run


# ---------------------------------------------------------------- words


def word(value: Run, act: Action, arguments: tuple[object, ...]) -> Run:
    """A filter or test whose arguments are literals."""

    def run(scope: Scope, budget: Budget) -> object:
        return act(value(scope, budget), arguments, budget)

    return run


def word_with(value: Run, act: Action, arguments: tuple[Run, ...]) -> Run:
    """A filter or test whose arguments are computed."""

    def run(scope: Scope, budget: Budget) -> object:
        subject = value(scope, budget)
        return act(subject, [argument(scope, budget) for argument in arguments], budget)

    return run


def method(value: Run, name: str, act: Action, arguments: tuple[object, ...]) -> Run:
    """A method whose arguments are literals."""

    def run(scope: Scope, budget: Budget) -> object:
        subject = value(scope, budget)
        if isinstance(subject, str):
            return act(subject, arguments, budget)
        return _without_method(subject, name)

    return run


def method_with(value: Run, name: str, act: Action, arguments: tuple[Run, ...]) -> Run:
    """A method whose arguments are computed."""

    def run(scope: Scope, budget: Budget) -> object:
        subject = value(scope, budget)
        if isinstance(subject, str):
            return act(subject, [argument(scope, budget) for argument in arguments], budget)
        return _without_method(subject, name)

    return run


def begins(value: Run, part: str) -> Run:
    """`value.startswith('…')`, the word that conditions use most."""

    def run(scope: Scope, budget: Budget) -> object:
        subject = value(scope, budget)
        if isinstance(subject, str):
            return subject.startswith(part)
        return _without_method(subject, "startswith")

    return run


def _without_method(subject: object, name: str) -> object:
    """A mapping's `name` is its key and a missing key is callable; a value is not."""
    if absent(subject) or isinstance(subject, list):
        return MISSING
    if isinstance(subject, dict) and name not in subject:
        return MISSING
    raise ExpressionFailed(f"`{name}()` needs text, not {kind(subject)}")
