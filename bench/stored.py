"""Looks into a gateway's database from outside, read-only."""

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

DATABASE = "gateway.db"
_WAITS = """
    SELECT count(*) FROM deliveries WHERE state IN ('pending', 'leased')
    AND (state = 'pending' OR state = 'leased' OR state = 'held' OR state = 'dead')"""
"""With the very words of the index that has only these, or it would read all deliveries."""


@contextlib.contextmanager
def reading(folder: Path) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write."""
    db = sqlite3.connect(f"file:{folder / DATABASE}?mode=ro", uri=True)
    try:
        yield db
    finally:
        db.close()


def count(folder: Path, what: str) -> int:
    """Rows: of a table, with a condition if need be."""
    with reading(folder) as db:
        (found,) = db.execute(f"SELECT count(*) FROM {what}").fetchone()
    return int(found)


def waiting(folder: Path) -> int:
    """Deliveries that are pending or under way."""
    with reading(folder) as db:
        (found,) = db.execute(_WAITS).fetchone()
    return int(found)


def wait_recorded(folder: Path, seconds: float = 120.0) -> float:
    """Until nothing is pending or under way; returns when that was (monotonic)."""
    until = time.monotonic() + seconds
    with reading(folder) as db:
        while time.monotonic() < until:
            (left,) = db.execute(_WAITS).fetchone()
            if not left:
                return time.monotonic()
            time.sleep(0.005)
    raise TimeoutError(f"{left} deliveries were still not recorded")
