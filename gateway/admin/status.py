"""The state of every source and target, for the page, the API and `gateway status`."""

from collections.abc import Sequence
from typing import Any, Protocol

from gateway.admin import present
from gateway.plan.plan import Plan, Source
from gateway.store.protocol import Health, Pause, SourceActivity, TargetBacklog


def source_state(source: Source) -> tuple[str, str]:
    """The state's word and its reason."""
    if source.problem:
        return "misconfigured", source.problem
    if source.closed:
        return "closed", "closed in routes.yaml"
    if not source.enforce:
        return "shadow", "what would be refused is stored as unverified"
    if source.amber:
        return "weak", source.amber
    return "open", ""


class Reads(Protocol):
    """What is asked of a store; see `store.protocol.Store`."""

    async def activity(self) -> Sequence[SourceActivity]: ...
    async def backlog(self) -> Sequence[TargetBacklog]: ...
    async def pauses(self) -> Sequence[Pause]: ...
    async def health(self) -> Health: ...


async def status(plan: Plan, store: Reads, refusal: str = "") -> dict[str, Any]:
    """Everything at one look. refusal: why new events are refused, as a running gateway knows."""
    activity = {found.source: found for found in await store.activity()}
    backlog = {found.target: found for found in await store.backlog()}
    pauses = await store.pauses()
    paused = {(pause.kind, pause.name) for pause in pauses}
    health = await store.health()
    sources = []
    for source in plan.sources.values():
        state, reason = source_state(source)
        last = activity.get(source.name)
        sources.append(
            {
                "name": source.name,
                "provider": source.declaration.name,
                "path": source.path,
                "state": state,
                "reason": reason,
                "paused": ("source", source.name) in paused,
                "last_event_at": present.time(last.last_event_at) if last else None,
                "last_event_id": last.last_event_id if last else None,
            }
        )
    targets = []
    for name in [*plan.targets, *(name for name in backlog if name not in plan.targets)]:
        target = plan.targets.get(name)
        waits = backlog.get(name)
        targets.append(
            {
                "name": name,
                "url": target.endpoints[0].url if target else None,
                "state": "active" if target else "gone",
                "paused": ("target", name) in paused,
                "counts": dict(waits.counts) if waits else {},
                "oldest_pending_at": present.time(waits.oldest_pending_at) if waits else None,
            }
        )
    routes = [
        {"name": name, "paused": ("route", name) in paused, "to": list(route.targets)}
        for name, route in plan.routes.items()
    ]
    return {
        "generation": plan.generation,
        "file": str(plan.file),
        "sources": sources,
        "targets": targets,
        "routes": routes,
        "problems": [str(problem) for problem in plan.problems],
        "store": {
            "writable": health.writable,
            "problem": health.problem,
            "refusing": refusal,
            "free_bytes": health.free_bytes,
            "reusable_bytes": health.reusable_bytes,
            "database_bytes": health.database_bytes,
            "wal_bytes": health.wal_bytes,
        },
    }
