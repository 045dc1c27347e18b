"""What a person asks of deliveries: retry, cancel, replay, pause, resume. Each is audited.

The dashboard, the API, the control socket and the command line all come through here. What became
pending reaches the dispatcher by the store's listeners, as every commit does.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from gateway.delivery.attempt import JUDGE
from gateway.delivery.pauses import Pauses
from gateway.errors import GatewayError
from gateway.model.ids import EventId, new_delivery_id
from gateway.model.records import AuditEntry, Delivery, Keys, Moved, NewDelivery, Selection
from gateway.model.states import DeliveryState, Reason, Trigger, Verb
from gateway.plan.plan import Plan
from gateway.store.protocol import DeliveryFilter, Store

KINDS = ("source", "route", "target")


class NotThere(GatewayError):
    """The thing a person named is not there."""


class Actions:
    """A person's verbs."""

    def __init__(
        self,
        store: Store,
        pauses: Pauses,
        plan: Callable[[], Plan],
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._pauses = pauses
        self._plan = plan
        self._clock = clock

    async def retry(self, selection: Selection, who: str) -> Moved:
        """Tries deliveries again now. One held by an expression has its `when` judged anew."""
        held = replace(selection, state=DeliveryState.HELD, reason=Reason.EXPRESSION)
        judged = await self._store.move(held, Verb.RETRY, Reason.RETRY, JUDGE)
        named = set(selection.ids) - {id for id, _ in judged.refused}
        rest = replace(selection, ids=tuple(id for id in selection.ids if id not in named))
        if selection.ids and not rest.ids:
            moved = Moved(judged.count, judged.due)
        else:
            # Without a state a verb for a whole target means what does not go on by itself.
            states = (DeliveryState.DEAD, DeliveryState.HELD)
            wanted = (rest.state,) if rest.state or rest.ids else states
            parts = [
                await self._store.move(replace(rest, state=state), Verb.RETRY, Reason.RETRY)
                for state in wanted
            ]
            moved = Moved(
                judged.count + sum(part.count for part in parts),
                [*judged.due, *(due for part in parts for due in part.due)],
                [refused for part in parts for refused in part.refused],
            )
        await self._audit(who, "retry", selection, moved)
        return moved

    async def cancel(self, selection: Selection, who: str) -> Moved:
        """Gives pending and held deliveries up."""
        moved = await self._store.move(selection, Verb.CANCEL, Reason.BY_PERSON, f"by {who}")
        await self._audit(who, "cancel", selection, moved)
        return moved

    async def replay(self, event: EventId, who: str, target: str | None = None) -> Moved:
        """New deliveries of an old event: to each route and target it went to, or to one target.

        An event that no route wanted then is matched to nothing now either: raises `NotThere`.
        """
        found = await self._store.event(event)
        if found is None:
            raise NotThere(f"there is no event {event}")
        rows = await self._store.deliveries(DeliveryFilter(event=event), None, 1000)
        old = _latest([delivery for delivery, _ in rows], target)
        if not old:
            raise NotThere(
                f"event {event} has no delivery"
                + (f" to {target}" if target else "")
                + " to replay"
            )
        now = self._clock()
        source = found.event.source
        new = [
            NewDelivery(
                id=new_delivery_id(),
                route=delivery.route,
                target=delivery.target,
                state=DeliveryState.HELD if why else DeliveryState.PENDING,
                reason=Reason.PAUSED if why else Reason.NEW,
                next_at=now,
                detail=why,
                keys=_keys(delivery),
                trigger=Trigger.REPLAY,
                replay_of=delivery.id,
            )
            for delivery in old
            for why in [self._pauses.why(source, delivery.route, delivery.target)]
        ]
        moved = await self._store.create_deliveries(event, new)
        entry = AuditEntry(now, who, "replay", f"event {event}", f"{len(new)} deliveries")
        await self._store.audit(entry)
        return moved

    async def pause(self, kind: str, name: str, who: str) -> Moved:
        """Holds what waits and what comes. Matching and accepting go on."""
        self._named(kind, name)
        await self._store.set_pause(kind, name, who, paused=True)
        self._pauses.set(kind, name, paused=True)
        selection = Selection(
            source=name if kind == "source" else None,
            route=name if kind == "route" else None,
            target=name if kind == "target" else None,
            state=DeliveryState.PENDING,
        )
        why = f"{kind} {name} is paused"
        moved = await self._store.move(selection, Verb.HOLD, Reason.PAUSED, why)
        await self._store.audit(AuditEntry(self._clock(), who, "pause", f"{kind} {name}"))
        return moved

    async def resume(self, kind: str, name: str, who: str) -> Moved:
        """Frees what nothing else pauses."""
        if kind not in KINDS or not self._pauses.paused(kind, name):
            raise NotThere(f"{kind} {name} is not paused")
        await self._store.set_pause(kind, name, who, paused=False)
        self._pauses.set(kind, name, paused=False)
        moved = await self._store.release_paused()
        await self._store.audit(AuditEntry(self._clock(), who, "resume", f"{kind} {name}"))
        return moved

    def _named(self, kind: str, name: str) -> None:
        plan = self._plan()
        known = {"source": plan.sources, "route": plan.routes, "target": plan.targets}.get(kind)
        if known is None:
            raise NotThere(f"{kind!r} cannot be paused: name a source, route or target")
        if name not in known:
            raise NotThere(f"routes.yaml has no {kind} {name!r}")

    async def _audit(self, who: str, verb: str, selection: Selection, moved: Moved) -> None:
        what = ", ".join(selection.ids)
        if not what:
            what = f"event {selection.event}" if selection.event else f"target {selection.target}"
        entry = AuditEntry(self._clock(), who, verb, what, f"{moved.count} deliveries")
        await self._store.audit(entry)


def _latest(deliveries: Sequence[Delivery], target: str | None) -> list[Delivery]:
    """Of each (route, target) the newest delivery. They come newest first."""
    found: dict[tuple[str, str], Delivery] = {}
    for delivery in deliveries:
        if target is None or delivery.target == target:
            found.setdefault((delivery.route, delivery.target), delivery)
    return list(found.values())


def _keys(delivery: Delivery) -> Keys | None:
    """A replay waits for its turn like the old one, as the last of its lane; it is of no burst."""
    if delivery.order_key is None and delivery.fair_key is None:
        return None
    return Keys(order=delivery.order_key, stops=delivery.stops, fair=delivery.fair_key)
