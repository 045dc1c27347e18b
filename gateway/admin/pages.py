"""The pages: one handler each, and a template of the same name. Changes answer with a redirect."""

import binascii
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import aiohttp_jinja2
import orjson
from aiohttp import web

from gateway.admin import present, queries
from gateway.admin.keys import DEPS
from gateway.admin.status import status
from gateway.model.ids import DeliveryId, EventId
from gateway.model.outcomes import OUTCOMES
from gateway.model.records import EVENT_STATES, Selection

routes = web.RouteTableDef()
PAGE = 50
_SHOWN = 200_000
"""Bytes of a body that a page shows; the rest is in the download."""


def _ago(text: str | None) -> str:
    """A time as people say it."""
    if not text:
        return "never"
    then = datetime.fromisoformat(text)
    seconds = (datetime.now(UTC) - then).total_seconds()
    word = "ago" if seconds >= 0 else "from now"
    seconds = abs(seconds)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} {word}"
    return "now"


def _query(request: web.Request, **more: object) -> str:
    kept = {name: value for name, value in request.query.items() if value and name != "before"}
    return "?" + urlencode({**kept, **{k: v for k, v in more.items() if v is not None}})


FILTERS = {"ago": _ago}


async def common(request: web.Request) -> dict[str, Any]:
    """What every template may use."""
    return {"csrf": request.get("csrf", ""), "path": request.path, "plan": request.app[DEPS].plan()}


@routes.get("/")
async def home(_: web.Request) -> web.Response:
    """The events."""
    raise web.HTTPFound("/events")


@routes.get("/events")
@aiohttp_jinja2.template("events.html")
async def events(request: web.Request) -> dict[str, Any]:
    """Recent events, newest first."""
    before = queries.before(request)
    found = await request.app[DEPS].store.events(queries.events(request), before, PAGE + 1)
    rows = [present.event(one) for one in found[:PAGE]]
    older = _query(request, before=rows[-1]["seq"]) if len(found) > PAGE else ""
    return {
        "rows": rows,
        "older": older,
        "first": before is None,
        "query": request.query,
        "here": _query(request),
        "states": EVENT_STATES,
    }


@routes.get("/events/{id}")
@aiohttp_jinja2.template("event.html")
async def event(request: web.Request) -> dict[str, Any]:
    """One event: what arrived, how it was proved, what became of it."""
    store = request.app[DEPS].store
    id = EventId(request.match_info["id"])
    found = await present.event_detail(store, id)
    summary = await store.event(id)
    if found is None or summary is None:
        raise web.HTTPNotFound(text="there is no such event (any more)\n")
    kept = await store.receipt(summary.event.receipt)
    body = kept.body if kept else b""
    view = request.query.get("view", "json")
    return {
        "it": found,
        "fields": found["event"],
        "body": _shown(body[:_SHOWN], view),
        "view": view,
        "cut": len(body) > _SHOWN,
    }


def _shown(body: bytes, view: str) -> str:
    if view == "hex":
        lines = [
            f"{at:08x}  {binascii.hexlify(body[at : at + 16], ' ').decode()}"
            for at in range(0, min(len(body), 16_384), 16)
        ]
        return "\n".join(lines)
    if view == "json":
        try:
            return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
        except orjson.JSONDecodeError:
            pass
    return body.decode("utf-8", "replace")


@routes.get("/events/{id}/body")
async def body(request: web.Request) -> web.Response:
    """The exact bytes, as a download: never shown as a page."""
    store = request.app[DEPS].store
    found = await store.event(EventId(request.match_info["id"]))
    kept = await store.receipt(found.event.receipt) if found else None
    if kept is None or found is None:
        raise web.HTTPNotFound(text="there is no such event (any more)\n")
    return web.Response(
        body=kept.body,
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{found.event.id}.bin"'},
    )


@routes.get("/deliveries")
@aiohttp_jinja2.template("deliveries.html")
async def deliveries(request: web.Request) -> dict[str, Any]:
    """Deliveries by state."""
    found = await request.app[DEPS].store.deliveries(
        queries.deliveries(request), queries.before(request), PAGE + 1
    )
    rows = [present.delivery(one, of) for one, of in found[:PAGE]]
    older = _query(request, before=rows[-1]["seq"]) if len(found) > PAGE else ""
    return {"rows": rows, "older": older, "query": request.query, "here": _query(request)}


@routes.get("/refused")
@aiohttp_jinja2.template("refused.html")
async def refused(request: web.Request) -> dict[str, Any]:
    """Requests that were not let in, and why."""
    found = await request.app[DEPS].refused(
        source=request.query.get("source") or None,
        outcome=request.query.get("outcome") or None,
        before=queries.before(request),
        limit=PAGE + 1,
    )
    rows = [present.refused(one) for one in found[:PAGE]]
    older = _query(request, before=rows[-1]["seq"]) if len(found) > PAGE else ""
    refusals = [outcome.value for outcome, row in OUTCOMES.items() if not row.let_in]
    return {"rows": rows, "older": older, "query": request.query, "outcomes": refusals}


@routes.get("/sources")
@aiohttp_jinja2.template("sources.html")
async def sources(request: web.Request) -> dict[str, Any]:
    """Sources, targets and routes with their states."""
    return {"status": await status(request.app[DEPS])}


# ---------------------------------------------------------------- changes


def _back(request: web.Request, form: Any) -> web.HTTPSeeOther:  # Any: aiohttp's multidict
    place = str(form.get("back", "/events"))
    # A path of ours only: `//host` and `/\host` would leave this site.
    good = place.startswith("/") and not place.startswith(("//", "/\\"))
    del request
    return web.HTTPSeeOther(place if good else "/events")


@routes.post("/deliveries/{id}/{verb:retry|cancel}")
async def change_delivery(request: web.Request) -> web.Response:
    """Tries one again, or gives it up."""
    deps = request.app[DEPS]
    selection = Selection(ids=(DeliveryId(request.match_info["id"]),))
    if request.match_info["verb"] == "retry":
        moved = await deps.actions.retry(selection, deps.who)
    else:
        moved = await deps.actions.cancel(selection, deps.who)
    if moved.refused:
        raise web.HTTPConflict(text=f"{moved.refused[0][1]}\n")
    raise _back(request, await request.post())


@routes.post("/events/{id}/replay")
async def replay_event(request: web.Request) -> web.Response:
    """New deliveries of this event."""
    deps = request.app[DEPS]
    form = await request.post()
    target = str(form.get("target", "")) or None
    await deps.actions.replay(EventId(request.match_info["id"]), deps.who, target)
    raise _back(request, form)


@routes.post("/{verb:pause|resume}")
async def change_pause(request: web.Request) -> web.Response:
    """Pauses or resumes a source, a route or a target."""
    deps = request.app[DEPS]
    form = await request.post()
    act = deps.actions.pause if request.match_info["verb"] == "pause" else deps.actions.resume
    await act(str(form.get("kind", "")), str(form.get("name", "")), deps.who)
    raise _back(request, form)
