"""What is left of a file when its broken parts are taken out, so that the rest is checked as well:
a person wants to hear of all mistakes at once, and of none that is only another's echo."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from gateway.config.marks import Path_

_ENTITIES: Final = frozenset({"sources", "targets", "routes"})
_ALONE: Final = frozenset(
    {
        *("tolerance", "limits", "enforce", "closed", "redelivery", "options"),
        *("timeout", "connect_timeout", "retry", "concurrency", "headers", "sign"),
        *("resolve", "answer", "rate", "breaker", "health", "auth", "tls", "fair_by"),
        *("from", "on", "when", "format", "transform", "accept_unverified"),
        *("delay", "debounce"),
    }
)
"""Keys that can be left out without making another key of the same mapping wrong."""
_PAIRS: Final = {"retention": "dedup_window", "dedup_window": "retention"}
"""Compared with each other: without one the other is not judged."""


@dataclass(frozen=True, slots=True)
class Broken:
    """One mistake of shape, by its place in the data."""

    path: Path_
    kind: Literal["value", "key", "missing"]
    meant: str = ""
    """For an unknown key: the one it was probably meant to be."""


@dataclass(frozen=True, slots=True)
class Rest:
    """What can still be shaped."""

    data: dict[str, Any]  # Any: YAML's own values
    routes: tuple[int, ...]
    """The numbers that the routes left have in the file."""


def rest(data: object, broken: Sequence[Broken]) -> Rest | None:
    """The data without what is broken; None where nothing of use is left."""
    if not isinstance(data, dict):
        return None
    left = copy.deepcopy(data)
    gone: set[int] = set()
    # Keys first, so that a place found by its parents is still there.
    for one in sorted(broken, key=lambda one: one.kind != "key"):
        if one.kind == "key":
            _rename(left, one)
            continue
        place = _scope(one.path)
        if place[:1] == ("routes",) and len(place) == 2:
            gone.add(int(place[1]))
        elif place:
            _drop(left, place)
    left["version"] = 1
    routes = left.get("routes")
    numbers: tuple[int, ...] = ()
    if isinstance(routes, list):
        numbers = tuple(number for number in range(len(routes)) if number not in gone)
        left["routes"] = [routes[number] for number in numbers]
    return Rest(left, numbers)


def _scope(path: Path_) -> Path_:
    """How much goes with the broken value."""
    if path[:1] and path[0] in _ENTITIES:
        return path[:3] if len(path) > 2 and path[2] in _ALONE else path[:2]
    return path[:2]


def _rename(left: dict[str, Any], one: Broken) -> None:
    parent = _at(left, one.path[:-1])
    if not isinstance(parent, dict) or one.path[-1] not in parent:
        return
    value = parent.pop(one.path[-1])
    if one.meant and one.meant not in parent:
        parent[one.meant] = value


def _drop(left: dict[str, Any], path: Path_) -> None:
    parent = _at(left, path[:-1])
    if isinstance(parent, dict):
        parent.pop(path[-1], None)
        if path[0] == "store":
            parent.pop(_PAIRS.get(str(path[-1]), ""), None)


def _at(data: object, path: Path_) -> object:
    for part in path:
        inside = isinstance(data, dict) and part in data
        within = isinstance(data, list) and isinstance(part, int) and part < len(data)
        if not inside and not within:
            return None
        data = data[part]  # type: ignore[index]  # a dict or list, as just seen
    return data
