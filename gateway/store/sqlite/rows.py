"""Rows as records: the columns that reads ask for, and what they become."""

import sqlite3
from collections.abc import Sequence
from typing import Any, Final, cast

import aiosqlite
import orjson

from gateway.model.ids import Seq
from gateway.model.records import Attempt, Delivery, Event, Receipt
from gateway.model.request import RawHeaders
from gateway.model.states import DeliveryState, ErrorClass, Reason, Trigger
from gateway.store.sqlite.inserts import Value, listed

Row = Sequence[Any]  # Any: a row's columns have each a type of their own

EVENT: Final = (
    "e.seq, e.id, e.receipt, e.item, e.source, r.provider, e.type, e.provider_type, e.provider_id, "
    "coalesce(e.dedup_key, e.provider_id), e.subject, e.time, r.received_at, e.fields, e.flags, "
    "e.verified, e.duplicates, r.body_size"
)
"""Of `events e JOIN receipts r ON r.seq = e.receipt`."""
EVENT_WIDTH: Final = 18

DELIVERY: Final = (
    "d.seq, d.id, d.event, d.route, d.target, d.order_key, d.state, d.reason, d.detail, d.next_at, "
    "d.attempts, d.window_started_at, d.window_attempts, d.deaths, d.trigger, d.replay_of, "
    "d.created_at, d.updated_at, d.fair_key, d.behind, d.stops"
)
"""Of `deliveries d`."""
DELIVERY_WIDTH: Final = 21
_STATES: Final = {str(one): one for one in DeliveryState}
_REASONS: Final = {str(one): one for one in Reason}
_TRIGGERS: Final = {str(one): one for one in Trigger}

ATTEMPT: Final = "number, at, endpoint, status, error, message, duration, answer, trigger"


async def fetch(
    db: aiosqlite.Connection, statement: str, values: Sequence[Value] = ()
) -> list[Row]:
    """All rows of a query."""
    return cast("list[Row]", list(await db.execute_fetchall(statement, values)))


# A backlog's every delivery passes here, so: fields by their order, and no call for each word.


def together(columns: str, source: str) -> str:
    """A query whose answer is one text with all rows. source: FROM and the rest.

    Each row that SQLite gives hands Python's lock over, and while the event loop works, waiting for
    it again costs more than the row. A number with a fraction is written with 15 digits; where all
    of them count, ask for its `quote`.
    """
    return f"SELECT json_group_array(json_array({columns})) FROM {source}"


async def fetch_together(
    db: aiosqlite.Connection, query: str, values: Sequence[Value] = ()
) -> list[Row]:
    """All rows of a query that `together` made."""
    ((text,),) = await fetch(db, query, values)
    return cast("list[Row]", orjson.loads(text))


def fetch_now(connection: sqlite3.Connection, query: str, numbers: Sequence[int]) -> list[Row]:
    """The same, in the writer's thread. numbers: for the query's `NAMED`."""
    (text,) = connection.execute(query, (listed(numbers),)).fetchone()
    return cast("list[Row]", orjson.loads(text))


def event(row: Row) -> Event:
    """From the columns of `EVENT`, which are in the order of its fields."""
    values = list(row[:EVENT_WIDTH])
    values[11:13] = map(float, row[11:13])  # the work of attempts has them as text
    values[13] = row[13].encode()
    values[14] = tuple(row[14].split())
    values[15] = bool(row[15])
    return Event(*values)


def delivery(row: Row) -> Delivery:
    """From the columns of `DELIVERY`, which are in the order of its fields."""
    values = list(row[:DELIVERY_WIDTH])
    values[6] = _STATES[row[6]]
    values[7] = _REASONS[row[7]]
    values[14] = _TRIGGERS[row[14]]
    values[19:] = map(bool, row[19:DELIVERY_WIDTH])
    return Delivery(*values)


def attempt(row: Row) -> Attempt:
    """From the columns of `ATTEMPT`."""
    return Attempt(
        number=row[0],
        at=row[1],
        endpoint=row[2],
        status=row[3],
        error=None if row[4] is None else ErrorClass(row[4]),
        message=row[5],
        duration=row[6],
        answer=row[7],
        trigger=Trigger(row[8]),
    )


def receipt(row: Row, headers: RawHeaders, body: bytes) -> Receipt:
    """From the columns of a receipt, in the order of its fields, and its bytes."""
    return Receipt(
        seq=Seq(row[0]),
        source=row[1],
        provider=row[2],
        received_at=row[3],
        client=row[4],
        scheme=row[5],
        key_label=row[6],
        verified=bool(row[7]),
        refusal=row[8],
        content_type=row[9],
        headers=headers,
        body=body,
    )
