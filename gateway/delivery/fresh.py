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


# By the order of their fields: each event accepted passes here.


def _event(admission: Admission, new: NewEvent) -> Event:
    return Event(
        new.seq, new.id, Seq(0), new.item, admission.source, admission.provider, new.type,
        new.provider_type, new.provider_id, new.dedup_key, new.subject, new.time,
        admission.received_at, new.fields, new.flags, new.verified, 0, len(admission.body),
    )  # fmt: skip


def _delivery(admission: Admission, event: NewEvent, new: NewDelivery) -> Delivery:
    at, keys = admission.received_at, new.keys
    order, fair, stops = (keys.order, keys.fair, keys.stops) if keys else (None, None, False)
    return Delivery(
        new.seq, new.id, event.seq, new.route, new.target, order, new.state, new.reason,
        new.detail, new.next_at, 0, at, 0, 0, new.trigger, new.replay_of, at, at, fair,
        stops=stops,
    )  # fmt: skip
