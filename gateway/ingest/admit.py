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
from gateway.model.ids import new_delivery_id, new_event_id
from gateway.model.outcomes import Outcome
from gateway.model.record import record
from gateway.model.records import Admission, NewDelivery, NewEvent
from gateway.model.request import Headers, Request
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

# An enum's member is looked up in four times the time of a name.
_NEW = (DeliveryState.PENDING, Reason.NEW, "")
_LEASED = DeliveryState.LEASED


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


class Admitter:
    """Builds admissions."""

    __slots__ = ("_dispatch", "_pauses", "_report")

    def __init__(self, pauses: Pauses, dispatch: Dispatch, report: Report) -> None:
        self._pauses = pauses
        self._dispatch = dispatch
        self._report = report

    async def admission(self, plan: Plan, proven: Proven, payload: Payload) -> Admission:
        """The admission of a request: receipt, events, deliveries. Reserves with the dispatcher."""
        admission, headers = _receipt(proven, payload)
        try:
            for number, item in enumerate(self._items(proven, payload), 1):
                self._add(admission, plan, proven, payload, item, headers)
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
            return (_as_it_came(proven, payload),)

    def _add(
        self,
        admission: Admission,
        plan: Plan,
        proven: Proven,
        payload: Payload,
        item: Item,
        headers: Headers,
    ) -> None:
        """Adds an event; it is there before its deliveries, so that none is reserved for nobody."""
        event = _event(proven, item)
        admission.events.append(event)
        source, now = admission.source, admission.received_at
        wanted = plan.index.wanted(source, item.type)
        if wanted.certain and event.verified and not plan.shares:
            for found in wanted.matches:
                for target in found.route.targets:
                    event.deliveries.append(self._delivery(source, found, target, now, LOOSE))
            return
        seen = HeaderValues(headers)
        scope = Scope(item.fields, payload.value, seen, source, item.type, event.id)
        budget: Budget | None = None
        for found in self._matches(plan, scope, verified=event.verified):
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
        state, reason, detail = _NEW
        if failed := found.held or ties.failed:
            state, reason, detail = DeliveryState.HELD, Reason.EXPRESSION, failed
        elif why := self._pauses.why(source, route, target):
            state, reason, detail = DeliveryState.HELD, Reason.PAUSED, f"the {why}"
        elif not ties.wait and self._dispatch.reserve(target):
            state = _LEASED
        return NewDelivery(new_delivery_id(), route, target, state, reason, now + ties.wait, detail)


# Names before the values of so many fields cost as much as all the rest of making a record.


def _receipt(proven: Proven, payload: Payload) -> tuple[Admission, Headers]:
    """Without an event yet; and its headers as expressions see them."""
    source, request, proof = proven.source, proven.request, proven.proof
    scheme, label = (proof.scheme, proof.label) if proof else ("none", "")
    secrets, body = source.hidden, request.body
    content_type = request.headers.text(b"content-type") or ""
    headers = request.headers
    kept = headers.pairs
    if headers.hold(secrets.changed):
        headers = mask_headers(headers, secrets.headers, label)
        # The body that is kept has no coding any more.
        kept = tuple(pair for pair in headers.pairs if pair[0].lower() != b"content-encoding")
    if secrets.pointers:
        body = mask_body(body, payload.value, secrets, label, content_type)
    admission = Admission(
        source.name,
        source.declaration.name,
        proven.received_at,
        proven.client,
        scheme,
        label,
        content_type,
        kept,
        body,
        [],
        source.revive,
        "" if proven.refusal is None else str(proven.refusal),
        payload.raw is body,
        proof.body_mac if proof else b"",
    )
    return admission, headers


def _as_it_came(proven: Proven, payload: Payload) -> Item:
    """The event of a request of which nothing could be found out."""
    return Item(
        index=0,
        dedup_key="sha256:" + hashlib.sha256(proven.request.body).hexdigest(),
        provider_type="",
        provider_id=None,
        type="other",
        fields={},
        subject=None,
        time=proven.received_at,
        flags=(*payload.flags, "no_id", "not_normalized"),
        id_signed=True,
    )


def _event(proven: Proven, item: Item) -> NewEvent:
    return NewEvent(
        new_event_id(),
        item.index,
        item.dedup_key,
        item.type,
        item.provider_type,
        item.provider_id,
        item.subject,
        proven.received_at if item.time is None else item.time,
        _as_json(item.fields),
        item.flags,
        proven.refusal is None,
        item.id_signed,
    )


def _as_json(fields: dict[str, object]) -> bytes:
    try:
        return orjson.dumps(fields)
    except TypeError:
        # Lone surrogates and integers over 64 bits: rare, and the slower library writes them.
        return json.dumps(fields, default=str).encode()
