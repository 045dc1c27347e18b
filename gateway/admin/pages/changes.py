"""What the pages' buttons do: a person's verbs, then back to the page they were pressed on.

The door (`guard`) has judged each of these requests before; `delivery.actions` writes the audit log.
"""

from typing import Final

from aiohttp import web

from gateway.admin import queries
from gateway.admin.keys import DEPS
from gateway.model.ids import DeliveryId, EventId
from gateway.model.records import Moved, Selection
from gateway.model.states import DeliveryState

_KINDS: Final = {"sources": "source", "routes": "route", "targets": "target"}

routes = web.RouteTableDef()


@routes.post("/deliveries/{verb:retry|cancel}")
async def all_of(request: web.Request) -> web.Response:
    """The verb for every delivery of one state, and of one target where one is named."""
    form = await request.post()
    try:
        state = DeliveryState(str(form.get("state", "")))
    except ValueError:
        raise web.HTTPBadRequest(text="Of which state? The form does not say.") from None
    selection = Selection(state=state, target=str(form.get("target", "")) or None)
    return await _move(request, selection)


@routes.post("/deliveries/{id}/{verb:retry|cancel}")
async def one(request: web.Request) -> web.Response:
    """The verb for one delivery."""
    return await _move(request, Selection(ids=(DeliveryId(request.match_info["id"]),)))


@routes.post("/events/{id}/replay")
async def replay(request: web.Request) -> web.Response:
    """New deliveries of an event."""
    deps = request.app[DEPS]
    id = EventId(request.match_info["id"])
    moved = await deps.actions.replay(id, deps.who)
    return await _back(request, f"/events/{id}", "replay", moved)


@routes.post("/{kind:sources|routes|targets}/{name}/{verb:pause|resume}")
async def pausing(request: web.Request) -> web.Response:
    """Holds what would be delivered, or lets it go on."""
    deps = request.app[DEPS]
    kind, name, verb = (request.match_info[part] for part in ("kind", "name", "verb"))
    act = deps.actions.pause if verb == "pause" else deps.actions.resume
    moved = await act(_KINDS[kind], name, deps.who)
    return await _back(request, "/sources" if kind == "sources" else "/targets", verb, moved)


@routes.post("/targets/{name}/breaker/{verb:open|close}")
async def breaker(request: web.Request) -> web.Response:
    """Takes endpoints out, or back in: the one the form names, else all of the target."""
    deps = request.app[DEPS]
    verb = request.match_info["verb"]
    endpoint = str((await request.post()).get("endpoint", "")) or None
    await deps.breakers.set(
        "open" if verb == "open" else "close", request.match_info["name"], endpoint, deps.who
    )
    raise web.HTTPSeeOther(f"/targets?did=breaker_{verb}")


@routes.post("/reload")
async def reload(request: web.Request) -> web.Response:
    """Reads routes.yaml again; what is wrong in it is shown, and the old plan stays."""
    await request.app[DEPS].reload()
    raise web.HTTPSeeOther("/sources?did=reload")


async def _move(request: web.Request, selection: Selection) -> web.Response:
    deps = request.app[DEPS]
    verb = request.match_info["verb"]
    act = deps.actions.retry if verb == "retry" else deps.actions.cancel
    moved = await act(selection, deps.who)
    if moved.refused and not moved.count:
        raise web.HTTPConflict(text=f"Nothing was changed: {moved.refused[0][1]}.")
    return await _back(request, "/deliveries", verb, moved)


async def _back(request: web.Request, otherwise: str, verb: str, moved: Moved) -> web.Response:
    place = queries.back(str((await request.post()).get("back", "")), otherwise)
    path, _, mark = place.partition("#")
    done = f"{path}{'&' if '?' in path else '?'}did={verb}&n={moved.count}"
    raise web.HTTPSeeOther(f"{done}#{mark}" if mark else done)
