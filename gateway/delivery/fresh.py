"""Deliveries of an admission that was just committed, with all that attempts need, from memory."""

from collections.abc import Iterator, Sequence

from gateway.model.ids import Seq
from gateway.model.records import Admission, Admitted, Delivery, Event, NewDelivery, NewEvent, Work
from gateway.model.request import RawHeaders


def fresh_works(admission: Admission, admitted: Sequence[Admitted]) -> Iterator[Work]:
    """One `Work` for each delivery of the events that were new and that is not behind another."""

    def headers() -> RawHeaders:
        return admission.headers

    for new, became in zip(admission.events, admitted, strict=True):
        if became.duplicate or not new.deliveries:
            continue
        event = _event(admission, new)
        for delivery in new.deliveries:
            if delivery.keys is not None and delivery.keys.behind:
                continue  # the store says when it is due
            yield Work(
                delivery=_delivery(admission, new, delivery),
                event=event,
                headers=headers,
                content_type=admission.content_type,
                body=admission.body,
                is_json=admission.is_json,
            )


def _event(admission: Admission, new: NewEvent) -> Event:
    return Event(
        seq=new.seq,
        id=new.id,
        receipt=Seq(0),
        item=new.item,
        source=admission.source,
        provider=admission.provider,
        type=new.type,
        provider_type=new.provider_type,
        provider_id=new.provider_id,
        dedup_key=new.dedup_key,
        subject=new.subject,
        time=new.time,
        received_at=admission.received_at,
        fields=new.fields,
        flags=new.flags,
        verified=new.verified,
        duplicates=0,
        size=len(admission.body),
    )


def _delivery(admission: Admission, event: NewEvent, new: NewDelivery) -> Delivery:
    at, keys = admission.received_at, new.keys
    return Delivery(
        seq=new.seq,
        id=new.id,
        event=event.seq,
        route=new.route,
        target=new.target,
        order_key=keys.order if keys else None,
        fair_key=keys.fair if keys else None,
        state=new.state,
        reason=new.reason,
        detail=new.detail,
        next_at=new.next_at,
        attempts=0,
        window_started_at=at,
        window_attempts=0,
        deaths=0,
        trigger=new.trigger,
        replay_of=new.replay_of,
        created_at=at,
        updated_at=at,
        stops=keys.stops if keys else False,
    )
