"""Targets: what waits for each, since when, what went wrong last; and the routes that lead there."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from gateway.admin.keys import DEPS
from gateway.admin.rendering import page
from gateway.model.endpoints import TargetStatus
from gateway.model.records import Attempt, Delivery
from gateway.model.states import DeliveryState, Reason
from gateway.plan.plan import Target
from gateway.store.protocol import DeliveryFilter, Pause, Store, TargetBacklog

routes = web.RouteTableDef()


@dataclass(frozen=True, slots=True)
class Row:
    """One target as the page shows it."""

    name: str
    target: Target | None
    """None: it is gone from routes.yaml, but something still waits for it."""
    counts: Mapping[str, int]
    oldest_pending_at: float | None
    paused: Pause | None
    error: Attempt | None
    """The last failed attempt among what waits or is dead."""
    status: TargetStatus | None
    """None: it is gone, or nothing is known of its endpoints."""


@routes.get("/targets")
async def targets(request: web.Request) -> web.Response:
    """The page, or with `part` only what goes on changing."""
    deps = request.app[DEPS]
    plan = deps.plan()
    backlog = {one.target: one for one in await deps.store.backlog()}
    pauses = await deps.store.pauses()
    paused = {pause.name: pause for pause in pauses if pause.kind == "target"}
    names = [*plan.targets, *sorted(name for name in backlog if name not in plan.targets)]
    statuses = deps.endpoints()
    rows = [
        await _row(
            deps.store, name, plan.targets.get(name), backlog.get(name), paused.get(name),
            statuses.get(name),
        )
        for name in names
    ]  # fmt: skip
    context = {
        "rows": rows,
        "plan": plan,
        "paused_routes": {pause.name: pause for pause in pauses if pause.kind == "route"},
    }
    return page(request, "_targets.html" if "part" in request.query else "targets.html", context)


async def _row(
    store: Store,
    name: str,
    target: Target | None,
    waits: TargetBacklog | None,
    paused: Pause | None,
    status: TargetStatus | None,
) -> Row:
    counts = waits.counts if waits else {}
    oldest = waits.oldest_pending_at if waits else None
    troubled = counts.get("dead", 0) or counts.get("pending", 0)
    error = await _last_error(store, name) if troubled else None
    return Row(name, target, counts, oldest, paused, error, status)


async def _last_error(store: Store, target: str) -> Attempt | None:
    """Of the newest dead delivery and the newest that is tried again, the later failure."""
    filters = (
        DeliveryFilter(target=target, state=DeliveryState.DEAD),
        DeliveryFilter(target=target, state=DeliveryState.PENDING, reason=Reason.RETRY),
    )
    found: list[Delivery] = []
    for where in filters:
        found += [delivery for delivery, _ in await store.deliveries(where, None, 1)]
    tried = [attempts[-1] for one in found if (attempts := await store.attempts(one.seq))]
    return max(tried, key=lambda attempt: attempt.at, default=None)
