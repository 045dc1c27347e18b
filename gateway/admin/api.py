"""The API under /api/v1: lists, one thing, and a person's verbs, as JSON."""

from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web

from gateway.admin import present, queries
from gateway.admin.keys import DEPS
from gateway.admin.problems import problem
from gateway.admin.status import status
from gateway.model.ids import DeliveryId, EventId
from gateway.model.records import Moved, Selection
from gateway.model.states import DeliveryState, Reason

routes = web.RouteTableDef()


def _json(value: object) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json")


@routes.get("/api/v1/events")
async def list_events(request: web.Request) -> web.Response:
    """Events, newest first."""
    deps = request.app[DEPS]
    found = await deps.store.events(
        queries.events(request), queries.before(request), queries.limit(request)
    )
    return _json([present.event(one) for one in found])


@routes.get("/api/v1/events/{id}")
async def one_event(request: web.Request) -> web.Response:
    """One event with its receipt, deliveries and attempts."""
    id = request.match_info["id"]
    found = await present.event_detail(request.app[DEPS].store, EventId(id))
    return _json(found) if found else problem(404, "there is no such event")


@routes.get("/api/v1/deliveries")
async def list_deliveries(request: web.Request) -> web.Response:
    """Deliveries, newest first."""
    found = await request.app[DEPS].store.deliveries(
        queries.deliveries(request), queries.before(request), queries.limit(request)
    )
    return _json([present.delivery(one, of) for one, of in found])


@routes.get("/api/v1/deliveries/{id}")
async def one_delivery(request: web.Request) -> web.Response:
    """One delivery with its attempts."""
    store = request.app[DEPS].store
    found = await store.delivery(DeliveryId(request.match_info["id"]))
    if found is None:
        return problem(404, "there is no such delivery")
    attempts = [present.attempt(one) for one in await store.attempts(found[0].seq)]
    return _json({**present.delivery(*found), "attempts_made": attempts})


@routes.get("/api/v1/refused")
async def list_refused(request: web.Request) -> web.Response:
    """Refused requests, newest first."""
    found = await request.app[DEPS].refused(
        source=request.query.get("source") or None,
        outcome=request.query.get("outcome") or None,
        before=queries.before(request),
        limit=queries.limit(request),
    )
    return _json([present.refused(one) for one in found])


@routes.get("/api/v1/status")
async def show_status(request: web.Request) -> web.Response:
    """Sources, targets, the store."""
    deps = request.app[DEPS]
    return _json(await status(deps.plan(), deps.store, deps.endpoints(), refusal=deps.refusal()))


# ---------------------------------------------------------------- verbs


async def _body(request: web.Request) -> Mapping[str, Any]:
    raw = await request.read()
    try:
        value = orjson.loads(raw) if raw else {}
    except orjson.JSONDecodeError:
        raise web.HTTPBadRequest(text="the body is not JSON\n") from None
    if not isinstance(value, dict):
        raise web.HTTPBadRequest(text="the body is not a JSON object\n")
    return value


def _selection(body: Mapping[str, Any]) -> Selection:
    known = {"ids", "event", "source", "route", "target", "state", "reason"}
    if odd := set(body) - known:
        raise web.HTTPBadRequest(text=f"unknown: {', '.join(sorted(odd))}\n")
    ids = body.get("ids", [])
    texts = [value for key, value in body.items() if key != "ids"]
    if not isinstance(ids, list) or not all(isinstance(t, str) for t in (*ids, *texts)):
        raise web.HTTPBadRequest(text="`ids` is a list of texts, all else a text\n")
    try:
        return Selection(
            ids=tuple(DeliveryId(id) for id in ids),
            event=EventId(body["event"]) if body.get("event") else None,
            source=body.get("source"),
            route=body.get("route"),
            target=body.get("target"),
            state=DeliveryState(body["state"]) if body.get("state") else None,
            reason=Reason(body["reason"]) if body.get("reason") else None,
        )
    except ValueError as error:
        raise web.HTTPBadRequest(text=f"{error}\n") from None


def _moved(moved: Moved) -> web.Response:
    refused = [{"id": id, "reason": reason} for id, reason in moved.refused]
    return _json({"count": moved.count, "refused": refused})


@routes.post("/api/v1/deliveries/retry")
async def retry(request: web.Request) -> web.Response:
    """Tries deliveries again now."""
    deps = request.app[DEPS]
    return _moved(await deps.actions.retry(_selection(await _body(request)), deps.who))


@routes.post("/api/v1/deliveries/cancel")
async def cancel(request: web.Request) -> web.Response:
    """Gives deliveries up."""
    deps = request.app[DEPS]
    return _moved(await deps.actions.cancel(_selection(await _body(request)), deps.who))


@routes.post("/api/v1/events/{id}/replay")
async def replay(request: web.Request) -> web.Response:
    """New deliveries of an old event."""
    deps = request.app[DEPS]
    target = (await _body(request)).get("target")
    if target is not None and not isinstance(target, str):
        raise web.HTTPBadRequest(text="`target` is a text\n")
    id = EventId(request.match_info["id"])
    return _moved(await deps.actions.replay(id, deps.who, target))


async def _named(request: web.Request) -> tuple[str, str]:
    body = await _body(request)
    kind, name = body.get("kind"), body.get("name")
    if not isinstance(kind, str) or not isinstance(name, str):
        raise web.HTTPBadRequest(text="`kind` (source, route, target) and `name` are needed\n")
    return kind, name


@routes.post("/api/v1/pause")
async def pause(request: web.Request) -> web.Response:
    """Holds what would be delivered."""
    deps = request.app[DEPS]
    return _moved(await deps.actions.pause(*await _named(request), deps.who))


@routes.post("/api/v1/resume")
async def resume(request: web.Request) -> web.Response:
    """Delivers again."""
    deps = request.app[DEPS]
    return _moved(await deps.actions.resume(*await _named(request), deps.who))


@routes.post("/api/v1/breaker")
async def breaker(request: web.Request) -> web.Response:
    """Opens or closes the breakers of a target, or of one of its endpoints."""
    deps = request.app[DEPS]
    body = await _body(request)
    verb, target, endpoint = body.get("verb"), body.get("target"), body.get("endpoint")
    if verb not in {"open", "close"} or not isinstance(target, str):
        raise web.HTTPBadRequest(text="`verb` (open, close) and `target` are needed\n")
    if endpoint is not None and not isinstance(endpoint, str):
        raise web.HTTPBadRequest(text="`endpoint` is a text\n")
    urls = await deps.breakers.set(verb, target, endpoint, deps.who)
    return _json({"endpoints": list(urls)})


@routes.post("/api/v1/reload")
async def reload(request: web.Request) -> web.Response:
    """Brings the file into the running gateway."""
    done = await request.app[DEPS].reload()
    return _json({"generation": done.generation, "changes": list(done.changes)})
