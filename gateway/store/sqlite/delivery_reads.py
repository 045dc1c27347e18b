"""Pages of deliveries, single ones, and their attempts."""

from collections.abc import Sequence
from typing import Final

import aiosqlite

from gateway.model.ids import DeliveryId, Seq
from gateway.model.records import Attempt, Delivery, Event
from gateway.model.states import DeliveryState
from gateway.store.protocol import DeliveryFilter
from gateway.store.sqlite import rows
from gateway.store.sqlite.bounds import upper
from gateway.store.sqlite.inserts import OPEN, STUCK, Value
from gateway.store.sqlite.rows import ATTEMPT, DELIVERY, DELIVERY_WIDTH, EVENT, fetch

_JOIN: Final = "JOIN events e ON e.seq = d.event JOIN receipts r ON r.seq = e.receipt"
_OPEN: Final = frozenset(
    {DeliveryState.PENDING, DeliveryState.LEASED, DeliveryState.HELD, DeliveryState.DEAD}
)
_STUCK: Final = frozenset({DeliveryState.HELD, DeliveryState.DEAD})


async def page(
    db: aiosqlite.Connection, where: DeliveryFilter, before: Seq | None, limit: int
) -> Sequence[tuple[Delivery, Event]]:
    """Newest first, those with a smaller sequence number than `before`."""
    index, proof = _index(where)
    clauses = [proof, "d.seq < ?"]
    values: list[Value] = [upper(before)]
    for column in ("target", "route", "source", "state", "reason"):
        value = getattr(where, column)
        if value is not None:
            clauses.append(f"d.{column} = ?")
            values.append(value)
    if where.event is not None:
        clauses.append("d.event = (SELECT seq FROM events WHERE id = ?)")
        values.append(where.event)
    # The numbers first: sorting them must not carry whole rows along.
    found = await fetch(
        db,
        f"SELECT {DELIVERY}, {EVENT} FROM ("
        f"SELECT seq FROM deliveries d {index} WHERE {' AND '.join(clauses)} "
        f"ORDER BY seq DESC LIMIT ?) page CROSS JOIN deliveries d ON d.seq = page.seq {_JOIN} "
        "ORDER BY d.seq DESC",
        (*values, limit),
    )
    return [_pair(row) for row in found]


def _index(where: DeliveryFilter) -> tuple[str, str]:
    """The index to go by, because the planner knows nothing of how few unfinished deliveries
    are; and the words that let the query use it."""
    if where.event is not None:
        return "INDEXED BY deliveries_event", "true"
    if where.state in _STUCK and where.target is not None:
        return "INDEXED BY deliveries_stuck", STUCK
    if where.state in _OPEN:
        return "INDEXED BY deliveries_open", OPEN
    return "NOT INDEXED", "true"


async def one(db: aiosqlite.Connection, id: DeliveryId) -> tuple[Delivery, Event] | None:
    """One delivery by our id."""
    for row in await fetch(
        db, f"SELECT {DELIVERY}, {EVENT} FROM deliveries d {_JOIN} WHERE d.id = ?", (id,)
    ):
        return _pair(row)
    return None


async def attempts(db: aiosqlite.Connection, delivery: Seq) -> Sequence[Attempt]:
    """In order of time."""
    found = await fetch(
        db, f"SELECT {ATTEMPT} FROM attempts WHERE delivery = ? ORDER BY seq", (delivery,)
    )
    return [rows.attempt(row) for row in found]


def _pair(row: rows.Row) -> tuple[Delivery, Event]:
    return rows.delivery(row), rows.event(row[DELIVERY_WIDTH:])
