"""Two routes that give one target the same event: allowed, and seldom meant."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from gateway.plan.notes import Notes
from gateway.providers import vocabulary
from gateway.routing.match import Route


def warn_twice(routes: Mapping[str, Route], sources: Iterable[str], notes: Notes) -> None:
    """Warns at each route that does so after an earlier one. Of two conditions that differ nobody
    knows whether both can hold: then nothing is said."""
    names = frozenset(sources)
    before: dict[str, list[tuple[Route, _Takes]]] = {}
    for number, route in enumerate(routes.values()):
        takes = _takes(route, names)
        for place, target in enumerate(route.targets):
            for earlier, taken in before.setdefault(target, []):
                if not _may_agree(earlier, route):
                    continue
                if common := _common(taken, takes):
                    notes.warn(
                        ("routes", number, "to", place),
                        f"target {target!r} gets the same event twice: route {earlier.name!r} "
                        f"gives it {_listed(common)} too",
                        "take it out of one of the two, or give each a `when`",
                    )
                    break
            before[target].append((route, takes))


class _Takes(NamedTuple):
    """What a route takes, whatever its condition says: each of these types from each of these."""

    sources: frozenset[str]
    types: frozenset[str]


def _takes(route: Route, names: frozenset[str]) -> _Takes:
    sources = names if route.sources is None else names & route.sources
    types = (*vocabulary.TYPES, vocabulary.OTHER)
    one = next(iter(sources), "")
    return _Takes(sources, frozenset(type for type in types if route.wants(one, type)))


def _common(first: _Takes, second: _Takes) -> list[str]:
    """The types that both take from some source."""
    if first.sources.isdisjoint(second.sources):
        return []
    return sorted(first.types & second.types)


def _may_agree(first: Route, second: Route) -> bool:
    """Whether both surely want an event that one of the two conditions lets through."""
    if first.when is None or second.when is None:
        return True
    return first.when.source == second.when.source


def _listed(types: list[str]) -> str:
    return ", ".join(types[:3]) + (f" and {len(types) - 3} more" if len(types) > 3 else "")
