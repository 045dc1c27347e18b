"""Records as the API and `--json` show them: the field names are promised to programs."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson

from gateway.model.ids import EventId, Seq
from gateway.model.records import Attempt, Delivery, Event, EventSummary, Receipt, Refused
from gateway.store.protocol import DeliveryFilter


class Reads(Protocol):
    """What the detail of an event needs of a store, read-only or not."""

    async def event(self, id: EventId) -> EventSummary | None: ...

    async def receipt(self, seq: Seq) -> Receipt | None: ...

    async def deliveries(
        self, where: DeliveryFilter, before: Seq | None, limit: int
    ) -> Sequence[tuple[Delivery, Event]]: ...

    async def attempts(self, delivery: Seq) -> Sequence[Attempt]: ...


STATES = ("pending", "leased", "held", "delivered", "dead", "canceled")
"""Of deliveries that are counted where there are none, too; `superseded` only where there are some."""


def time(at: float | None) -> str | None:
    """RFC 3339 in UTC, with milliseconds."""
    if at is None:
        return None
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def event(found: EventSummary) -> dict[str, Any]:
    """One event of a list."""
    it = found.event
    return {
        "id": it.id,
        "seq": it.seq,
        "source": it.source,
        "provider": it.provider,
        "type": it.type,
        "providertype": it.provider_type,
        "providerid": it.provider_id,
        "dedup_key": it.dedup_key,
        "subject": it.subject,
        "time": time(it.time),
        "received_at": time(it.received_at),
        "verified": it.verified,
        "flags": list(it.flags),
        "duplicates": it.duplicates,
        "state": found.state,
        "deliveries": {**dict.fromkeys(STATES, 0), **found.deliveries},
        "size": it.size,
    }


def delivery(it: Delivery, of: Event) -> dict[str, Any]:
    """One delivery of a list."""
    return {
        "id": it.id,
        "seq": it.seq,
        "event": of.id,
        "source": of.source,
        "type": of.type,
        "subject": of.subject,
        "route": it.route,
        "target": it.target,
        "state": it.state.value,
        "reason": it.reason.value,
        "detail": it.detail,
        "attempts": it.attempts,
        "next_at": time(it.next_at) if it.state.value == "pending" and not it.behind else None,
        "order_key": it.order_key,
        "behind": it.behind,
        "trigger": it.trigger.value,
        "replay_of": it.replay_of,
        "created_at": time(it.created_at),
        "updated_at": time(it.updated_at),
    }


def attempt(it: Attempt) -> dict[str, Any]:
    """One attempt."""
    return {
        "number": it.number,
        "at": time(it.at),
        "endpoint": it.endpoint,
        "status": it.status,
        "error": it.error.value if it.error else None,
        "message": it.message,
        "duration": round(it.duration, 6),
        "answer": it.answer.decode("utf-8", "replace"),
        "trigger": it.trigger.value,
    }


def receipt(it: Receipt) -> dict[str, Any]:
    """What arrived, and how it was proved. The body is text where it is UTF-8, else base64."""
    try:
        body = {"body": it.body.decode()}
    except UnicodeDecodeError:
        body = {"body_base64": base64.b64encode(it.body).decode()}
    return {
        "client": it.client,
        "scheme": it.scheme,
        "key": it.key_label,
        "verified": it.verified,
        "refusal": it.refusal or None,
        "content_type": it.content_type,
        "headers": [[n.decode("latin-1"), v.decode("latin-1")] for n, v in it.headers],
        **body,
    }


def refused(it: Refused) -> dict[str, Any]:
    """One refused request."""
    return {
        "seq": it.seq,
        "at": time(it.at),
        "source": it.source,
        "outcome": it.outcome,
        "reason": it.reason,
        "client": it.client,
        "method": it.method,
        "path": it.path,
        "headers": [[n.decode("latin-1"), v.decode("latin-1")] for n, v in it.headers],
        "size": it.size,
        "body_hash": it.body_hash,
        "request_id": it.request_id,
    }


async def event_detail(store: Reads, id: EventId) -> dict[str, Any] | None:
    """One event with its fields, its receipt, its deliveries and their attempts."""
    found = await store.event(id)
    if found is None:
        return None
    kept = await store.receipt(found.event.receipt)
    rows = await store.deliveries(DeliveryFilter(event=id), None, 1000)
    deliveries = [
        {
            **delivery(one, of),
            "attempts_made": [attempt(made) for made in await store.attempts(one.seq)],
        }
        for one, of in rows
    ]
    return {
        **event(found),
        "event": orjson.loads(found.event.fields),
        "receipt": receipt(kept) if kept else None,
        "deliveries_made": deliveries,
    }
