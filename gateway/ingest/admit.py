"""From a proven request to an admission: ids, types, routes, deliveries, and no secret in it.

Everything here works on values and never fails for what a sender sent or an operator wrote: what
cannot be understood is kept as type `other`, what cannot be judged is held.
"""

import asyncio
import hashlib
import json
from collections.abc import Sequence

import orjson

from gateway.ingest.masking import mask_body, mask_headers
from gateway.ingest.ports import Dispatch, Pauses, Report
from gateway.model.ids import key_digest, new_delivery_id, new_event_id
from gateway.model.outcomes import Outcome
from gateway.model.record import record
from gateway.model.records import Admission, NewDelivery, NewEvent
from gateway.model.request import Headers, RawHeaders, Request
from gateway.model.states import DeliveryState, Reason
from gateway.plan.plan import Plan, Source
from gateway.providers.extract import Item
from gateway.providers.payload import Payload
from gateway.routing.budget import Budget
from gateway.routing.match import Match, match
from gateway.routing.scope import HeaderValues, Scope
from gateway.routing.ties import LOOSE, Ties, judge, keys_of, share_of
from gateway.verify.base import Proof

_BREATH = 20
"""Items of a batch after which others on the loop get their turn: each may take milliseconds."""

_CODING = frozenset({b"content-encoding"})


@record
class Proven:
    """A request that is let in, with all that was found out about it."""

    source: Source
    request: Request
    """Its body without a content coding."""
    client: str
    received_at: float
    proof: Proof | None
    """None: the source proves nothing, or it is in shadow mode and the proof failed."""
    refusal: Outcome | None
    """In shadow mode: what would have refused it."""

    @property
    def verified(self) -> bool:
        """Whether it was let in by right and not by shadow mode."""
        return self.refusal is None


class Admitter:
    """Builds admissions."""

    __slots__ = ("_dispatch", "_pauses", "_report")

    def __init__(self, pauses: Pauses, dispatch: Dispatch, report: Report) -> None:
        self._pauses = pauses
        self._dispatch = dispatch
        self._report = report

    async def admission(self, plan: Plan, proven: Proven, payload: Payload) -> Admission:
        """The admission of a request: receipt, events, deliveries. Reserves with the dispatcher."""
        source, request = proven.source, proven.request
        secrets = source.hidden
        label = proven.proof.label if proven.proof else ""
        headers = mask_headers(request.headers, secrets.headers, label)
        content_type = request.headers.text(b"content-type") or ""
        body = request.body
        if secrets.pointers:
            body = mask_body(body, payload.value, secrets, label, content_type)
        admission = Admission(
            source=source.name,
            provider=source.declaration.name,
            received_at=proven.received_at,
            client=proven.client,
            scheme=proven.proof.scheme if proven.proof else "none",
            key_label=label,
            content_type=content_type,
            headers=_plain_coding(headers),
            body=body,
            events=[],
            revive=source.revive,
            refusal="" if proven.refusal is None else str(proven.refusal),
            is_json=payload.raw is body,
        )
        seen = HeaderValues(headers)
        try:
            for number, item in enumerate(self._items(proven, payload), 1):
                self._add(admission, plan, proven, payload, item, seen)
                if number % _BREATH == 0:
                    await asyncio.sleep(0)
        except BaseException:
            self._dispatch.failed(admission)
            raise
        return admission

    def _items(self, proven: Proven, payload: Payload) -> Sequence[Item]:
        try:
            return proven.source.extractor.items(proven.request, payload, proven.received_at)
        except Exception as error:  # noqa: BLE001 — a mistake of ours must not cost an event
            self._report(error)
            digest = "sha256:" + hashlib.sha256(proven.request.body).hexdigest()
            flags = (*payload.flags, "no_id", "not_normalized")
            return (
                Item(
                    index=0,
                    dedup_key=digest,
                    provider_type="",
                    provider_id=None,
                    type="other",
                    fields={},
                    subject=None,
                    time=proven.received_at,
                    flags=flags,
                    id_signed=True,
                ),
            )

    def _add(
        self,
        admission: Admission,
        plan: Plan,
        proven: Proven,
        payload: Payload,
        item: Item,
        headers: HeaderValues,
    ) -> None:
        """Adds an event; it is there before its deliveries, so that none is reserved for nobody."""
        event = _event(proven, item)
        admission.events.append(event)
        source = proven.source.name
        scope = Scope(item.fields, payload.value, headers, source, item.type, event.id)
        now = proven.received_at
        budget: Budget | None = None
        for found in self._matches(plan, scope, verified=proven.verified):
            route = found.route
            ties = LOOSE
            if not route.is_loose and not found.held:
                budget = budget or Budget()
                ties = judge(route, scope, budget)
            for target in route.targets:
                delivery = self._delivery(source, found, target, now, ties)
                if plan.shares or ties is not LOOSE:
                    budget = budget or Budget()
                    share = share_of(plan.shares, target, scope, budget)
                    delivery.keys = keys_of(route, ties, share, now)
                event.deliveries.append(delivery)

    def _matches(self, plan: Plan, scope: Scope, *, verified: bool) -> Sequence[Match]:
        try:
            return match(plan.index, scope, verified=verified, budget=Budget())
        except Exception as error:  # noqa: BLE001 — a mistake of ours holds deliveries, drops none
            self._report(error)
            return [
                Match(route, "an unexpected error, see the log")
                for route in plan.index.candidates(scope.source, scope.type)
                if verified or route.accept_unverified
            ]

    def _delivery(
        self, source: str, found: Match, target: str, now: float, ties: Ties
    ) -> NewDelivery:
        route = found.route.name
        state, reason, detail = DeliveryState.PENDING, Reason.NEW, ""
        if failed := found.held or ties.failed:
            state, reason, detail = DeliveryState.HELD, Reason.EXPRESSION, failed
        elif paused := self._paused(source, route, target):
            state, reason, detail = DeliveryState.HELD, Reason.PAUSED, paused
        elif not ties.wait and self._dispatch.reserve(target):
            state = DeliveryState.LEASED
        return NewDelivery(
            id=new_delivery_id(),
            route=route,
            target=target,
            state=state,
            reason=reason,
            next_at=now + ties.wait,
            detail=detail,
        )

    def _paused(self, source: str, route: str, target: str) -> str:
        for kind, name in (("source", source), ("route", route), ("target", target)):
            if self._pauses.paused(kind, name):
                return f"the {kind} {name} is paused"
        return ""


def _event(proven: Proven, item: Item) -> NewEvent:
    source = proven.source.name
    return NewEvent(
        id=new_event_id(),
        item=item.index,
        digest=key_digest(source, item.dedup_key, verified=proven.verified),
        dedup_key=item.dedup_key,
        type=item.type,
        provider_type=item.provider_type,
        provider_id=item.provider_id,
        subject=item.subject,
        time=proven.received_at if item.time is None else item.time,
        fields=_as_json(item.fields),
        flags=item.flags,
        verified=proven.verified,
        id_signed=item.id_signed,
    )


def _plain_coding(headers: Headers) -> RawHeaders:
    """Without Content-Encoding: the body that is kept has none any more."""
    if not headers.hold(_CODING):
        return headers.pairs
    return tuple(pair for pair in headers.pairs if pair[0].lower() not in _CODING)


def _as_json(fields: dict[str, object]) -> bytes:
    try:
        return orjson.dumps(fields)
    except TypeError:
        # Lone surrogates and integers over 64 bits: rare, and the slower library writes them.
        return json.dumps(fields, default=str).encode()
