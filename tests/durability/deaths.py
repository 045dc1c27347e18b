"""The moments at which a loaded gateway is killed, and how each is brought about.

Within the program `entry.py` kills, at a named point; within a write `disk.c` does, half way.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.durability.entry import CHECKPOINT, KILL
from tests.durability.shim import before


@dataclass(frozen=True, slots=True)
class Place:
    """Where a life takes place."""

    shim: Path
    database: Path


@dataclass(frozen=True, slots=True)
class Death:
    """One kind of death. `env` makes the process kill itself; where it is empty the test does."""

    name: str
    env: Callable[[Place, random.Random], Mapping[str, str]]
    retention: str = "30d"
    """1s: what was delivered is pruned at the next start."""
    reloads: bool = False
    """Under the load, a target and its route go and come back."""
    stops: bool = False
    """It is told to stop, and dies of that."""
    migrates: bool = False
    """The schema has one version more than in the life before."""


def _at(point: str, most: int) -> Callable[[Place, random.Random], Mapping[str, str]]:
    return lambda place, chance: {KILL: f"{point}:{chance.randint(1, most)}"}


def _checkpoint(place: Place, chance: random.Random) -> Mapping[str, str]:
    kill = f":{chance.randint(1, 60)}"
    return {CHECKPOINT: "60", **before(place.shim, place.database, kill=kill)}


def _stop(place: Place, chance: random.Random) -> Mapping[str, str]:
    # So few pages are written back under the load only when the log is emptied at the end.
    return before(place.shim, place.database, kill=f":{chance.randint(1, 10)}")


def _migration(place: Place, chance: random.Random) -> Mapping[str, str]:
    # The first writes to the log after a start are the migration's.
    return before(place.shim, place.database, kill=f"-wal:{chance.randint(1, 60)}")


ANY: Final = Death("at any moment", lambda place, chance: {})
NAMED: Final = (
    Death("before a commit, its rows written", _at("before_commit", 40)),
    Death("after a commit, before its answers", _at("after_commit", 40)),
    Death("after the send, before its record", _at("record", 20)),
    Death("in a checkpoint", _checkpoint),
    Death("in a migration", _migration, migrates=True),
    Death("in a prune", _at("prune", 1), retention="1s"),
    Death("in the last checkpoint, told to stop", _stop, stops=True),
    Death("in a reload", _at("reload", 8), reloads=True),
)


def deaths(count: int, chance: random.Random) -> Sequence[Death]:
    """Each named one as often as the others, a quarter at any moment; in random order.

    The first two are at any moment, so that the others find something to migrate and to prune.
    """
    others = [NAMED[n % len(NAMED)] for n in range(max(len(NAMED), count - count // 4))]
    found = others + [ANY] * max(0, count - len(others) - 2)
    chance.shuffle(found)
    return [ANY, ANY, *found]
