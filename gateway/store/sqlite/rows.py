"""Rows as records: the columns that reads ask for, and what they become."""

from collections.abc import Sequence
from typing import Any, Final, cast

import aiosqlite

from gateway.model.ids import DeliveryId, EventId, Seq
from gateway.model.records import Attempt, Delivery, Event, Receipt
from gateway.model.request import RawHeaders
from gateway.model.states import DeliveryState, ErrorClass, Reason, Trigger
from gateway.store.sqlite.inserts import Value

Row = tuple[Any, ...]  # Any: a row's columns have each a type of their own

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

ATTEMPT: Final = "number, at, endpoint, status, error, message, duration, answer, trigger"


async def fetch(
    db: aiosqlite.Connection, statement: str, values: Sequence[Value] = ()
) -> list[Row]:
    """All rows of a query."""
    return cast("list[Row]", list(await db.execute_fetchall(statement, values)))


def event(row: Row) -> Event:
    """From the columns of `EVENT`."""
    return Event(
        seq=Seq(row[0]),
        id=EventId(row[1]),
        receipt=Seq(row[2]),
        item=row[3],
        source=row[4],
        provider=row[5],
        type=row[6],
        provider_type=row[7],
        provider_id=row[8],
        dedup_key=row[9],
        subject=row[10],
        time=row[11],
        received_at=row[12],
        fields=row[13].encode(),
        flags=tuple(row[14].split()),
        verified=bool(row[15]),
        duplicates=row[16],
        size=row[17],
    )


def delivery(row: Row) -> Delivery:
    """From the columns of `DELIVERY`."""
    return Delivery(
        seq=Seq(row[0]),
        id=DeliveryId(row[1]),
        event=Seq(row[2]),
        route=row[3],
        target=row[4],
        order_key=row[5],
        state=DeliveryState(row[6]),
        reason=Reason(row[7]),
        detail=row[8],
        next_at=row[9],
        attempts=row[10],
        window_started_at=row[11],
        window_attempts=row[12],
        deaths=row[13],
        trigger=Trigger(row[14]),
        replay_of=None if row[15] is None else DeliveryId(row[15]),
        created_at=row[16],
        updated_at=row[17],
        fair_key=row[18],
        behind=bool(row[19]),
        stops=bool(row[20]),
    )


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
