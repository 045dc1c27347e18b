"""One event: what arrived, how it was proved, what we made of it, where it went."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson
from aiohttp import web

from gateway.admin import payload
from gateway.admin.keys import DEPS
from gateway.admin.rendering import page
from gateway.model.ids import EventId
from gateway.model.records import Attempt, Delivery, EventSummary, Receipt
from gateway.model.states import DeliveryState
from gateway.store.protocol import DeliveryFilter, Store

MOST: Final = 100
"""Deliveries shown, newest first; replays may make many."""
_MOVING: Final = frozenset({DeliveryState.PENDING, DeliveryState.LEASED})

routes = web.RouteTableDef()


@dataclass(frozen=True, slots=True)
class Way:
    """One delivery with what was tried."""

    delivery: Delivery
    attempts: Sequence[Attempt]


@routes.get("/events/{id}")
async def event(request: web.Request) -> web.Response:
    """The page."""
    deps = request.app[DEPS]
    summary = await _event(request)
    receipt = await deps.store.receipt(summary.event.receipt)
    fields = orjson.loads(summary.event.fields)
    context = {
        "summary": summary,
        "event": summary.event,
        "receipt": receipt,
        "body": await _view(request, receipt) if receipt else None,
        "fields": fields if isinstance(fields, dict) else {},
        "source": deps.plan().sources.get(summary.event.source),
        **await _deliveries(deps.store, summary),
    }
    return page(request, "event.html", context)


@routes.get("/events/{id}/deliveries")
async def deliveries(request: web.Request) -> web.Response:
    """The part of the page that goes on changing."""
    summary = await _event(request)
    context = await _deliveries(request.app[DEPS].store, summary)
    return page(request, "_deliveries.html", {"summary": summary, **context})


@routes.get("/events/{id}/body")
async def body(request: web.Request) -> web.Response:
    """The exact bytes, as a file: never as something a browser would run."""
    summary = await _event(request)
    receipt = await request.app[DEPS].store.receipt(summary.event.receipt)
    if receipt is None:
        raise web.HTTPNotFound(text="The bytes of this event are no longer kept.")
    ending = "json" if receipt.body.lstrip()[:1] in {b"{", b"["} else "bin"
    name = f'attachment; filename="{summary.event.id}.{ending}"'
    return web.Response(
        body=receipt.body,
        content_type="application/octet-stream",
        headers={"Content-Disposition": name},
    )


async def _view(request: web.Request, receipt: Receipt) -> payload.View:
    asked = request.query.get("view", "")
    # In a thread: splitting 200 KB into tokens takes longer than the loop may wait.
    return await asyncio.to_thread(payload.view, receipt.body, receipt.content_type, asked)


async def _event(request: web.Request) -> EventSummary:
    id = EventId(request.match_info["id"])
    found = await request.app[DEPS].store.event(id)
    if found is None:
        raise web.HTTPNotFound(
            text="There is no such event. It may be older than the retention in routes.yaml."
        )
    return found


async def _deliveries(store: Store, summary: EventSummary) -> dict[str, object]:
    found = await store.deliveries(DeliveryFilter(event=summary.event.id), None, MOST)
    ways = [Way(one, await store.attempts(one.seq)) for one, _ in found]
    return {
        "ways": ways,
        "moving": any(way.delivery.state in _MOVING for way in ways),
    }
