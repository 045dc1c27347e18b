"""Which routes want an event. The index by source and type, and nothing of targets' policies."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from gateway.errors import ExpressionFailed
from gateway.model.record import record
from gateway.routing.budget import Budget
from gateway.routing.expressions import Expression
from gateway.routing.scope import Scope
from gateway.routing.transform import Transform

CACHE = 4096
"""(source, type) pairs remembered: senders of `custom` sources choose types, so it has an end."""
_FAILURE = 10
"""Steps of a condition that fails: raising and catching cost more than any node."""


@dataclass(frozen=True, slots=True)
class Debounce:
    """Of a burst of events with one key only the latest is delivered."""

    by: Expression
    wait: float
    """Seconds without another one, after which the burst is over."""
    most: float
    """Seconds from a burst's first event after which it is over in any case."""

    @property
    def source(self) -> str:
        """As a person wrote it."""
        return f"{self.by.source} {self.wait:g} {self.most:g}"


@dataclass(frozen=True, slots=True)
class Route:
    """From sources, on types, when a condition holds, to targets."""

    name: str
    sources: frozenset[str] | None
    """None: every source."""
    types: tuple[str, ...] | None
    """Patterns as `type_matches` reads them. None: all but `meta.*`."""
    when: Expression | None
    targets: tuple[str, ...]
    format: Literal["cloudevent", "raw"] = "cloudevent"
    transform: Transform | None = None
    """Takes the place of `format`."""
    accept_unverified: bool = False
    order_by: Expression | None = None
    """Deliveries of a target with the same value go one at a time, in order of arrival."""
    on_dead: Literal["continue", "hold"] = "continue"
    """What a dead delivery does to its lane."""
    delay: float = 0.0
    """Seconds from an event's arrival to the first attempt."""
    debounce: Debounce | None = None

    @property
    def is_loose(self) -> bool:
        """Whether its deliveries have to do with no others, and go at once."""
        return self.order_by is None and self.debounce is None and not self.delay

    def wants(self, source: str, type: str) -> bool:
        """Whether source and type fit; `when` is not asked."""
        if self.sources is not None and source not in self.sources:
            return False
        if self.types is None:
            return not type_matches("meta.*", type)
        return any(type_matches(pattern, type) for pattern in self.types)


@record
class Match:
    """A route that wants an event, or that could not tell."""

    route: Route
    held: str = ""
    """Why its `when` failed; empty: it did not."""


def type_matches(pattern: str, type: str) -> bool:
    """Whether a type fits a pattern, segment by segment.

    `*` stands for exactly one segment, and as the last one for one or more: `payment.*` fits
    `payment.refunded`, `vcs.*` fits `vcs.change.opened`, `vcs.*.created` fits
    `vcs.branch.created`, `*` fits every type. No pattern fits a type it is the whole beginning of:
    `payment.*` does not fit `payment`.
    """
    wanted = pattern.split(".")
    given = type.split(".")
    if wanted[-1] == "*":
        if len(given) < len(wanted):
            return False
        given = given[: len(wanted)]
    elif len(given) != len(wanted):
        return False
    return all(want in {"*", have} for want, have in zip(wanted, given, strict=True))


@record
class Wanted:
    """The routes that fit a source and a type, in the order of the file."""

    matches: tuple[Match, ...]
    """Their matches where their conditions hold."""
    certain: bool
    """Whether nothing has to be asked of the event: no condition, and nothing that ties."""


class RouteIndex:
    """The routes in the order of the file, found by source and type."""

    __slots__ = ("_cache", "routes")

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._cache: dict[tuple[str, str], Wanted] = {}

    def wanted(self, source: str, type: str) -> Wanted:
        """The routes whose source and type fit."""
        found = self._cache.get((source, type))
        if found is None:
            routes = [route for route in self.routes if route.wants(source, type)]
            matches = tuple(map(Match, routes))
            certain = all(route.when is None and route.is_loose for route in routes)
            found = Wanted(matches, certain)
            if len(self._cache) >= CACHE:
                self._cache.clear()
            self._cache[source, type] = found
        return found

    def candidates(self, source: str, type: str) -> tuple[Route, ...]:
        """The routes alone."""
        return tuple(match.route for match in self.wanted(source, type).matches)


def match(index: RouteIndex, scope: Scope, *, verified: bool, budget: Budget) -> Sequence[Match]:
    """The routes that want the event of `scope`. Never raises for what a sender sent.

    An unverified event goes only to routes that say `accept_unverified`. A route whose `when`
    fails or finds the budget used up is a match that is held, with the reason.
    """
    wanted = index.wanted(scope.source, scope.type)
    if wanted.certain and verified:
        return wanted.matches
    found = []
    for one in wanted.matches:
        when = one.route.when
        if not verified and not one.route.accept_unverified:
            continue
        try:
            if when is None or when.test(scope, budget):
                found.append(one)
        except ExpressionFailed as error:
            budget.steps -= _FAILURE
            found.append(Match(one.route, str(error)))
    return found
