"""Sources: open, closed, misconfigured, shadow or weak, each with its reason; the plan's problems."""

from dataclasses import dataclass

from aiohttp import web

from gateway.admin.keys import DEPS
from gateway.admin.rendering import page
from gateway.admin.status import source_state
from gateway.plan.plan import Source
from gateway.store.protocol import Pause, SourceActivity

routes = web.RouteTableDef()


@dataclass(frozen=True, slots=True)
class Row:
    """One source as the page shows it."""

    source: Source
    state: str
    reason: str
    last: SourceActivity | None
    paused: Pause | None


@routes.get("/sources")
async def sources(request: web.Request) -> web.Response:
    """The page, or with `part` only what goes on changing."""
    deps = request.app[DEPS]
    plan = deps.plan()
    activity = {one.source: one for one in await deps.store.activity()}
    paused = {pause.name: pause for pause in await deps.store.pauses() if pause.kind == "source"}
    rows = [
        Row(source, *source_state(source), activity.get(source.name), paused.get(source.name))
        for source in plan.sources.values()
    ]
    template = "_sources.html" if "part" in request.query else "sources.html"
    return page(request, template, {"rows": rows, "plan": plan})
