"""The state of every source and target, for the page, the API and `gateway status`."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Protocol

from gateway.admin import present
from gateway.delivery.by_hand import kept
from gateway.model.endpoints import EndpointState, TargetStatus
from gateway.plan.plan import Plan, Source, Target
from gateway.store.protocol import Health, Pause, SourceActivity, TargetBacklog

NOBODY: Final[Mapping[str, TargetStatus]] = MappingProxyType({})


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


def _at_rest(target: Target | None, taken_out: Collection[str]) -> dict[str, Any]:
    """What is known of a target's endpoints where no gateway runs, with the same keys. taken_out:
    URLs, by a person."""
    opened = EndpointState.OPEN.value
    found = [
        {
            "url": one.url,
            "address": None,
            "state": opened if one.url in taken_out else None,
            "breaker": opened if one.url in taken_out else None,
            "by_hand": one.url in taken_out,
            **dict.fromkeys(("since", "probe_at")),
            "pending": 0,
            **dict.fromkeys(("last_error", "last_error_at", "last_taken_at")),
        }
        for one in (target.endpoints if target else ())
    ]
    return {**dict.fromkeys(("waits", "waits_until", "slots")), "endpoints": found}


def _endpoints(status: TargetStatus) -> dict[str, Any]:
    """A target's endpoints."""
    return {
        "waits": status.waits or None,
        "waits_until": present.time(status.until),
        "slots": status.slots,
        "endpoints": [
            {
                "url": one.url,
                "address": one.address or None,
                "state": one.state.value,
                "breaker": one.breaker.value if one.breaker else None,
                "by_hand": one.by_hand,
                "since": present.time(one.since),
                "probe_at": present.time(one.probe_at),
                "pending": one.pending,
                "last_error": one.error or None,
                "last_error_at": present.time(one.error_at),
                "last_taken_at": present.time(one.taken_at),
            }
            for one in status.endpoints
        ],
    }


class Reads(Protocol):
    """What is asked of a store; see `store.protocol.Store`."""

    async def activity(self) -> Sequence[SourceActivity]: ...
    async def backlog(self) -> Sequence[TargetBacklog]: ...
    async def pauses(self) -> Sequence[Pause]: ...
    async def health(self) -> Health: ...
    async def get(self, key: str) -> bytes | None: ...


async def status(
    plan: Plan,
    store: Reads,
    endpoints: Mapping[str, TargetStatus] = NOBODY,
    *,
    refusal: str = "",
) -> dict[str, Any]:
    """Everything at one look.

    endpoints, refusal: how targets are and why new events are refused, as a running gateway knows.
    """
    activity = {found.source: found for found in await store.activity()}
    backlog = {found.target: found for found in await store.backlog()}
    pauses = await store.pauses()
    paused = {(pause.kind, pause.name) for pause in pauses}
    health = await store.health()
    by_hand = await kept(store)
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
                "state": "active" if target else "gone",
                "balance": target.balance if target else None,
                **(
                    _endpoints(endpoints[name])
                    if name in endpoints
                    else _at_rest(target, by_hand.get(name, ()))
                ),
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
