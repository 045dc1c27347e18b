"""Deliveries that need a person (dead, held) or time (pending), newest first."""

from typing import Final

from aiohttp import web

from gateway.admin import queries
from gateway.admin.keys import DEPS
from gateway.admin.rendering import page

PAGE: Final = 50
TABS: Final = ("dead", "held", "pending", "delivered", "canceled", "superseded")
_COUNTED: Final = TABS[:3]
"""The others are final: the store keeps no number of them."""

routes = web.RouteTableDef()


@routes.get("/deliveries")
async def deliveries(request: web.Request) -> web.Response:
    """The list of one state; the dead ones where none is asked for."""
    deps = request.app[DEPS]
    if not request.query.get("state"):
        raise web.HTTPFound(queries.link(request, state=TABS[0]))
    where = queries.deliveries(request)
    before = queries.before(request)
    found = await deps.store.deliveries(where, before, PAGE + 1)
    shown = found[:PAGE]
    backlog = await deps.store.backlog()
    context = {
        "deliveries": shown,
        "where": where,
        "before": before,
        "next": shown[-1][0].seq if len(found) > PAGE else None,
        "tabs": TABS,
        "counts": {one: sum(waits.counts.get(one, 0) for waits in backlog) for one in _COUNTED},
        "targets": sorted({*deps.plan().targets, *(waits.target for waits in backlog)}),
    }
    return page(request, "deliveries.html", context)
