"""A delivery of an admission that was just committed, with all that its attempts need, from memory."""

from gateway.model.ids import Seq
from gateway.model.records import Admission, Delivery, Event, NewDelivery, NewEvent, Work

# By the order of their fields: each event accepted passes here.


def fresh_work(admission: Admission, event: Event, new: NewDelivery) -> Work:
    """event: as `fresh_event` has it."""
    return Work(
        _delivery(admission, event, new), event, lambda: admission.headers, admission.content_type,
        admission.body, admission.is_json,
    )  # fmt: skip


def fresh_event(admission: Admission, new: NewEvent) -> Event:
    """What is stored of it."""
    return Event(
        new.seq, new.id, Seq(0), new.item, admission.source, admission.provider, new.type,
        new.provider_type, new.provider_id, new.dedup_key, new.subject, new.time,
        admission.received_at, new.fields, new.flags, new.verified, 0, len(admission.body),
    )  # fmt: skip


def _delivery(admission: Admission, event: Event, new: NewDelivery) -> Delivery:
    at, keys = admission.received_at, new.keys
    order, fair, stops = (keys.order, keys.fair, keys.stops) if keys else (None, None, False)
    return Delivery(
        new.seq, new.id, event.seq, new.route, new.target, order, new.state, new.reason,
        new.detail, new.next_at, 0, at, 0, 0, new.trigger, new.replay_of, at, at, fair,
        stops=stops,
    )  # fmt: skip
