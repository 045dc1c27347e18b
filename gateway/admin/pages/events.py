"""Recent events, newest first: live, by page, by source, type, state, or one id, key or subject."""

from typing import Final

from aiohttp import web

from gateway.admin import queries
from gateway.admin.keys import DEPS, HUB
from gateway.admin.rendering import page
from gateway.model.records import EVENT_STATES

PAGE: Final = 50
"""Events on one page."""

routes = web.RouteTableDef()


@routes.get("/")
async def home(_: web.Request) -> web.Response:
    """The first page is the events."""
    raise web.HTTPFound("/events")


@routes.get("/events")
async def events(request: web.Request) -> web.Response:
    """The list."""
    deps = request.app[DEPS]
    where = queries.events(request)
    before = queries.before(request)
    # One more than is shown tells whether there is a next page.
    found = await deps.store.events(where, before, PAGE + 1)
    shown = found[:PAGE]
    newest = shown[0].event.seq if shown else 0
    context = {
        "events": shown,
        "where": where,
        "filtered": any(request.query.get(name) for name in ("source", "type", "state", "text")),
        "before": before,
        "next": shown[-1].event.seq if len(found) > PAGE else None,
        "sources": sorted(deps.plan().sources),
        "states": EVENT_STATES,
        "live": _live(request, newest) if before is None else "",
    }
    return page(request, "events.html", context)


def _live(request: web.Request, newest: int) -> str:
    return "/live?" + queries.link(request, since=newest).partition("?")[2]


@routes.get("/live")
async def live(request: web.Request) -> web.StreamResponse:
    """What happens after `since`, as server-sent events."""
    return await request.app[HUB].stream(
        request, queries.events(request), queries.number(request, "since")
    )
