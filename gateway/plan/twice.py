"""Two routes that give one target the same event: allowed, and seldom meant."""

from collections.abc import Iterable, Mapping

from gateway.plan.notes import Notes
from gateway.providers import vocabulary
from gateway.routing.match import Route


def warn_twice(routes: Mapping[str, Route], sources: Iterable[str], notes: Notes) -> None:
    """Warns at each route that does so after an earlier one. Of two conditions that differ nobody
    knows whether both can hold: then nothing is said."""
    names = tuple(sources)
    before: dict[str, list[tuple[Route, frozenset[tuple[str, str]]]]] = {}
    for number, route in enumerate(routes.values()):
        takes = _takes(route, names)
        for place, target in enumerate(route.targets):
            for earlier, taken in before.setdefault(target, []):
                common = sorted({type for _, type in taken & takes})
                if common and _may_agree(earlier, route):
                    notes.warn(
                        ("routes", number, "to", place),
                        f"target {target!r} gets the same event twice: route {earlier.name!r} "
                        f"gives it {_listed(common)} too",
                        "take it out of one of the two, or give each a `when`",
                    )
                    break
            before[target].append((route, takes))


def _takes(route: Route, sources: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    """Each (source, type) a route takes, whatever its condition says."""
    types = (*vocabulary.TYPES, vocabulary.OTHER)
    return frozenset(
        (source, type) for source in sources for type in types if route.wants(source, type)
    )


def _may_agree(first: Route, second: Route) -> bool:
    """Whether both surely want an event that one of the two conditions lets through."""
    if first.when is None or second.when is None:
        return True
    return first.when.source == second.when.source


def _listed(types: list[str]) -> str:
    return ", ".join(types[:3]) + (f" and {len(types) - 3} more" if len(types) > 3 else "")
