"""`gateway`, weakened or killed on purpose: what no configuration can do, only this script.

    DURABILITY_SYNCHRONOUS=NORMAL   the write connection syncs less than FULL
    DURABILITY_CHECKPOINT=100       pages of log at which it is written back, instead of 2,000
    DURABILITY_MIGRATIONS=2         so many migrations more than the product has, of every event
    DURABILITY_KILL=after_commit:7  SIGKILL to itself at the seventh coming to a named point

Few keys and subjects wait for their indexes here, so that these are written all the time.

Run as `python -m tests.durability.entry serve …`. The process that writes for it is this program
again, and whichever of the two is to die takes the other along. Nothing here is part of the product.
"""

import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from gateway.app import writer
from gateway.cli.main import main
from gateway.delivery.dispatcher import Dispatcher
from gateway.delivery.holds import Holds
from gateway.store.sqlite import commits, files, leases, migrations, pruning, subjects
from gateway.store.sqlite.keys import Keys

SYNCHRONOUS = "DURABILITY_SYNCHRONOUS"
CHECKPOINT = "DURABILITY_CHECKPOINT"
MIGRATIONS = "DURABILITY_MIGRATIONS"
KILL = "DURABILITY_KILL"
GATEWAY = "DISK_GATEWAY"
"""Set here: the number of the gateway's process, for the one that writes, and for disk.c in it."""
WRITER = "--writer"
POINTS = ("before_commit", "after_commit", "record", "prune", "reload")
"""Where it can die here; within checkpoints and migrations the shim kills, at a write."""


LATER = """
    CREATE TABLE later_{0} AS SELECT * FROM events;
    CREATE UNIQUE INDEX later_{0}_id ON later_{0} (id);
    DROP TABLE IF EXISTS later_{1};
    UPDATE events SET flags = flags || ' v{0}';
"""


def weaken(value: str) -> None:
    """Every write connection is opened as the product does it, then told to sync less."""
    connect = files.connect

    def weaker(database: Path) -> sqlite3.Connection:
        connection = connect(database)
        connection.execute(f"PRAGMA synchronous = {value}").fetchall()
        return connection

    files.connect = weaker


def die_at(point: str, count: int) -> None:
    """Arranges for SIGKILL at the `count`th coming to a point."""
    left = count

    def come() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(int(os.environ[GATEWAY]), signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)

    if point == "record":
        leases.record = first(come, leases.record)
    elif point == "prune":
        # Within the transaction, once rows are gone and before the commit.
        pruning._release = first(come, pruning._release)
    elif point == "reload":
        # Before each of its moves of deliveries; a start makes such moves too, and is left alone.
        def arm() -> None:
            Holds._follow = first(come, follow)  # type: ignore[method-assign]  # this process only

        follow = Holds._follow
        Dispatcher.apply = first(arm, Dispatcher.apply)  # type: ignore[method-assign]  # likewise
    else:
        commits._no_fault = lambda here: come() if here == point else None


def migrate_on(more: int) -> None:
    """The schema goes on: each further version copies all events, indexes and rewrites them."""
    scripts = migrations.scripts

    @cache
    def longer() -> tuple[str, ...]:
        return (*scripts(), *(LATER.format(n, n - 1) for n in range(1, more + 1)))

    migrations.scripts = longer


def first(come: Callable[[], None], then: Callable[..., Any]) -> Callable[..., Any]:
    def both(*values: Any, **named: Any) -> Any:
        come()
        return then(*values, **named)

    return both


if __name__ == "__main__":
    os.environ.setdefault(GATEWAY, str(os.getpid()))
    writer.COMMAND = (sys.executable, "-m", "tests.durability.entry", WRITER)  # type: ignore[misc]
    if SYNCHRONOUS in os.environ:
        weaken(os.environ[SYNCHRONOUS])
    if CHECKPOINT in os.environ:
        files.AUTOCHECKPOINT_PAGES = int(os.environ[CHECKPOINT])  # type: ignore[misc]
    if MIGRATIONS in os.environ:
        migrate_on(int(os.environ[MIGRATIONS]))
    commits.Keys = partial(Keys, 40)  # type: ignore[misc, assignment]
    subjects.STEP = 100  # type: ignore[misc]
    if KILL in os.environ:
        name, _, number = os.environ[KILL].partition(":")
        assert name in POINTS
        die_at(name, int(number))
    if sys.argv[1:2] == [WRITER]:
        writer.main(*sys.argv[2:])
    else:
        main()
