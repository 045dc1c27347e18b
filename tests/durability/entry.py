"""`gateway`, weakened or killed on purpose: what no configuration can do, only this script.

    DURABILITY_SYNCHRONOUS=NORMAL   the write connection syncs less than FULL
    DURABILITY_CHECKPOINT=100       pages of log at which it is written back, instead of 2,000
    DURABILITY_KILL=after_commit:7  SIGKILL to itself at the seventh coming to a named point

Run as `python -m tests.durability.entry serve …`. Nothing here is part of the product.
"""

import os
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway.cli.main import main
from gateway.delivery.dispatcher import Dispatcher
from gateway.store.sqlite import files, leases, pruning, writer

SYNCHRONOUS = "DURABILITY_SYNCHRONOUS"
CHECKPOINT = "DURABILITY_CHECKPOINT"
KILL = "DURABILITY_KILL"
POINTS = ("before_begin", "before_commit", "after_commit", "record", "prune", "reload")
"""Where it can die here; within checkpoints and migrations the shim kills, at a write."""


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
            os.kill(os.getpid(), signal.SIGKILL)

    if point == "record":
        leases.record = first(come, leases.record)
    elif point == "prune":
        # Within the transaction, once rows are gone and before the commit.
        pruning._release_receipts = first(come, pruning._release_receipts)
    elif point == "reload":
        Dispatcher.apply = first(come, Dispatcher.apply)  # type: ignore[method-assign]  # for this process only
    else:
        writer._no_fault = lambda here: come() if here == point else None


def first(come: Callable[[], None], then: Callable[..., Any]) -> Callable[..., Any]:
    def both(*values: Any, **named: Any) -> Any:
        come()
        return then(*values, **named)

    return both


if __name__ == "__main__":
    if SYNCHRONOUS in os.environ:
        weaken(os.environ[SYNCHRONOUS])
    if CHECKPOINT in os.environ:
        files.AUTOCHECKPOINT_PAGES = int(os.environ[CHECKPOINT])  # type: ignore[misc]
    if KILL in os.environ:
        name, _, number = os.environ[KILL].partition(":")
        assert name in POINTS
        die_at(name, int(number))
    main()
