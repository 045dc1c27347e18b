"""Refused requests with their reasons: what knocked, and why it was not let in."""

from typing import Final

from aiohttp import web

from gateway.admin import queries
from gateway.admin.keys import DEPS
from gateway.admin.rendering import page

PAGE: Final = 50

routes = web.RouteTableDef()


@routes.get("/refused")
async def refused(request: web.Request) -> web.Response:
    """The list."""
    deps = request.app[DEPS]
    source = request.query.get("source") or None
    outcome = request.query.get("outcome") or None
    before = queries.before(request)
    found = await deps.refused(before, PAGE + 1, source=source, outcome=outcome)
    shown = found[:PAGE]
    context = {
        "entries": shown,
        "source": source,
        "outcome": outcome,
        "before": before,
        "next": shown[-1].seq if len(found) > PAGE else None,
        "sources": sorted(deps.plan().sources),
    }
    return page(request, "refused.html", context)
