"""Many rows in few statements. The columns of each table as the writer fills them.

A statement a row would hand Python's lock over for each; one statement of arbitrary length would be
prepared anew each time. So rows go in runs of some fixed sizes, whose statements stay prepared.
"""

import sqlite3
from collections.abc import Sequence
from itertools import chain
from typing import Final

import orjson

from gateway.model.ids import Seq
from gateway.model.records import NewDelivery

Value = str | bytes | int | float | None
Row = Sequence[Value]

_RUNS: Final = (64, 48, 32, *range(31, 0, -1))
"""Times 20 columns this stays far under SQLite's limit of 32,766 variables (older: 999 x 32)."""
LIST_SIZE: Final = 500
"""Values in one `IN (…)` list."""


class Rows:
    """A statement with VALUES of as many rows as there are."""

    __slots__ = ("_statements",)

    def __init__(self, before: str, width: int, after: str, *, runs: Sequence[int] = _RUNS) -> None:
        """before, after: what stands around the rows. width: values of each. runs: of how many rows
        a statement may be, the last is 1."""
        row = f"({', '.join('?' * width)})"
        self._statements = tuple(
            (run, f"{before} {', '.join([row] * run)} {after}") for run in runs
        )

    def run(self, connection: sqlite3.Connection, rows: Sequence[Row]) -> int:
        """Runs it for the rows, in order; returns how many rows of the database it changed."""
        done = changed = 0
        for run, statement in self._statements:
            while len(rows) - done >= run:
                values = tuple(chain.from_iterable(rows[done : done + run]))
                changed += connection.execute(statement, values).rowcount
                done += run
        return changed


class Insert(Rows):
    """An INSERT into one table."""

    __slots__ = ()

    def __init__(
        self, table: str, columns: str, *, conflict: str = "", runs: Sequence[int] = _RUNS
    ) -> None:
        """columns: names with blanks between them; conflict: an ON CONFLICT clause."""
        names = columns.split()
        super().__init__(
            f"INSERT INTO {table} ({', '.join(names)}) VALUES", len(names), conflict, runs=runs
        )


OPEN: Final = "(state = 'pending' OR state = 'leased' OR state = 'held' OR state = 'dead')"
"""The words that let a query use the index `deliveries_open`."""
STUCK: Final = "(state = 'held' OR state = 'dead')"
"""The same for `deliveries_stuck`."""

PACKS: Final = Insert("packs", "id receipts size data dictionary", runs=(1,))
"""One at a time: a prepared statement keeps what was bound to it last, and large bodies are packs of
their own. Twenty of 5 MB in one commit, in one statement, were 100 MB that stayed."""
DICTIONARIES: Final = Insert("dictionaries", "id data")
RECEIPTS: Final = Insert(
    "receipts",
    "seq pack position head_size body_size events source provider received_at client scheme "
    "key_label verified refusal content_type fingerprint",
)
EVENTS: Final = Insert(
    "events",
    "seq id receipt item source type provider_type provider_id dedup_key subject time fields "
    "flags verified duplicates",
)
DEDUP: Final = Insert("dedup", "event id digest at")
DELIVERIES: Final = Insert(
    "deliveries",
    "seq id event source route target order_key state reason detail next_at attempts "
    "window_started_at window_attempts deaths begun trigger replay_of created_at updated_at",
)
KEYED: Final = Insert(
    "deliveries",
    "seq id event source route target order_key state reason detail next_at attempts "
    "window_started_at window_attempts deaths begun trigger replay_of created_at updated_at "
    "behind stops fair_key burst burst_until",
)
"""Deliveries with `Keys`; the others need none of the last columns."""
ATTEMPTS: Final = Insert(
    "attempts", "seq delivery number at endpoint status error message duration answer trigger"
)
AUDIT: Final = Insert("audit", "seq at who action object detail")


NAMED: Final = "(SELECT value FROM json_each(?))"
"""For `IN`: the numbers that `listed` gives, in one statement however many they are. With a mark for
each, a statement of every length that ever comes stays prepared: up to 100 KB, and others go for it."""


def listed(numbers: Sequence[int]) -> str:
    """Numbers as one value, for `NAMED`."""
    return orjson.dumps(numbers).decode()


def marks(count: int) -> str:
    """`?, ?, ?` for an IN list."""
    return ", ".join("?" * count)


def text(value: str) -> str:
    """A sender's text, fit for SQLite: lone surrogates cannot be stored and become visible escapes.

    One such text must never make the commit of all others fail.
    """
    if value.isascii():
        return value
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


def delivery_row(
    delivery: NewDelivery, event: Seq, source: str, now: float, order_key: str | None = None
) -> Row:
    """A new delivery's row."""
    return (
        delivery.seq,
        delivery.id,
        event,
        source,
        delivery.route,
        delivery.target,
        order_key,
        delivery.state,
        delivery.reason,
        text(delivery.detail),
        delivery.next_at,
        0,
        now,
        0,
        0,
        0,
        delivery.trigger,
        delivery.replay_of,
        now,
        now,
    )
