"""A batch and what became of it as bytes, between a gateway and the process that writes for it.

Both are one program, started together: nothing of this is kept, and no other can read or write it.
What comes often goes as plain tuples: a record pickled field by field costs twice as much.
"""

import pickle
import struct
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from gateway.model.ids import Seq
from gateway.model.records import (
    Admission,
    Admitted,
    Attempt,
    Keys,
    NewDelivery,
    NewEvent,
    Result,
)
from gateway.model.states import DeliveryState, Reason
from gateway.store.sqlite.commits import Batch, Done
from gateway.store.sqlite.connection import Trouble

Tuple = tuple[Any, ...]  # Any: a record's fields, in their order
_PROTOCOL: Final = 5
_SIZE: Final = struct.Struct("<Q")
_BODY: Final = 8


def encode(batch: Batch) -> list[bytes]:
    """A batch in pieces, on its way to the process that writes: the size of its records, they, and the
    bodies as they are: not copied, where the event loop can do without."""
    records = pickle.dumps(
        (
            [_admission(one) for one in batch.admissions],
            [_result(one) for one in batch.results],
            batch.changes,
        ),
        _PROTOCOL,
    )
    bodies = [one.body for one in batch.admissions if one.body]
    return [_SIZE.pack(len(records)), records, *bodies]


def decode(frames: Sequence[bytes | memoryview]) -> Batch:
    """Batches as one."""
    admissions: list[Admission] = []
    results: list[Result] = []
    batch = Batch(admissions, results, changes := [])
    for frame in frames:
        at = _SIZE.size + _SIZE.unpack_from(frame)[0]
        records = frame[_SIZE.size : at]
        some, finished, more = pickle.loads(records)  # noqa: S301  our own process wrote it
        for fields in some:
            admission = _to_admission(fields)
            size = fields[_BODY]
            admission.body = bytes(frame[at : at + size])
            at += size
            admissions.append(admission)
        results += [_to_result(one) for one in finished]
        changes += more
    return batch


def _admission(one: Admission) -> Tuple:
    return (
        one.source,
        one.provider,
        one.received_at,
        one.client,
        one.scheme,
        one.key_label,
        one.content_type,
        one.headers,
        len(one.body),  # at _BODY
        [_event(event) for event in one.events],
        one.revive,
        one.refusal,
        one.is_json,
        one.body_mac,
    )


def _event(one: NewEvent) -> Tuple:
    return (
        one.id,
        one.item,
        one.dedup_key,
        one.type,
        one.provider_type,
        one.provider_id,
        one.subject,
        one.time,
        one.fields,
        one.flags,
        one.verified,
        one.id_signed,
        [_delivery(delivery) for delivery in one.deliveries],
    )


def _delivery(one: NewDelivery) -> Tuple:
    return (
        one.id,
        one.route,
        one.target,
        one.state,
        one.reason,
        one.next_at,
        one.detail,
        one.keys,
        one.trigger,
        one.replay_of,
    )


def _to_admission(fields: Tuple) -> Admission:
    admission = Admission(*fields)
    admission.events = [_to_event(event) for event in admission.events]  # type: ignore[arg-type]
    return admission


def _to_event(fields: Tuple) -> NewEvent:
    event = NewEvent(*fields)
    event.deliveries = [NewDelivery(*delivery) for delivery in event.deliveries]  # type: ignore[misc]
    return event


def _result(one: Result) -> Tuple:
    made = one.attempt
    attempt = made and (
        made.number,
        made.at,
        made.endpoint,
        made.status,
        made.error,
        made.message,
        made.duration,
        made.answer,
        made.trigger,
    )
    return (one.delivery, one.state, one.reason, one.detail, one.next_at, attempt, one.joins)


def _to_result(fields: Tuple) -> Result:
    delivery, state, reason, detail, next_at, attempt, joins = fields
    made = attempt and Attempt(*attempt)
    return Result(delivery, state, reason, detail, next_at, made, joins)


# ---- and back


class Hello(NamedTuple):
    """What the process says first."""

    trouble: Trouble
    """Why it could not open the database."""
    opened: bool
    known: int
    """The highest number in the file."""


def hello(one: Hello) -> bytes:
    """On its way to the gateway."""
    return pickle.dumps(tuple(one), _PROTOCOL)


def read_hello(frame: bytes) -> Hello:
    """The other way."""
    return Hello(*pickle.loads(frame))  # noqa: S301  our own process wrote it


class Answer(NamedTuple):
    """What became of so many frames."""

    frames: int
    became: Done | Trouble
    stored: Sequence[Tuple]
    """What the writer set of each event."""


def answer(frames: int, batch: Batch, became: Done | Trouble) -> bytes:
    """What became of a batch that came in so many frames."""
    if isinstance(became, Trouble):
        return pickle.dumps((frames, became, ()), _PROTOCOL)
    stored = [_stored(event) for one in batch.admissions for event in one.events]
    outcomes = [
        [(one.duplicate, one.id, one.revived) for one in admitted] for admitted in became.outcomes
    ]
    mistake = became.mistake and RuntimeError(f"{type(became.mistake).__name__}: {became.mistake}")
    fields = (
        became.seconds,
        outcomes,
        became.values,
        became.due,
        became.changed,
        became.counts,
        became.last,
        mistake,
    )
    return pickle.dumps((frames, fields, stored), _PROTOCOL)


def read_answer(frame: bytes) -> Answer:
    """The other way."""
    frames, became, stored = pickle.loads(frame)  # noqa: S301  our own process wrote it
    if isinstance(became, Trouble):
        return Answer(frames, became, stored)
    seconds, outcomes, *rest = became
    admitted = [[Admitted(*one) for one in some] for some in outcomes]
    return Answer(frames, Done(seconds, admitted, *rest), stored)


def _stored(event: NewEvent) -> Tuple:
    return (
        event.seq,
        event.flags,
        [
            delivery.seq
            if delivery.keys is None
            else (
                delivery.seq,
                delivery.state,
                delivery.reason,
                delivery.detail,
                delivery.next_at,
                delivery.keys,
            )
            for delivery in event.deliveries
        ],
    )


def take_over(admissions: Sequence[Admission], stored: Sequence[Tuple]) -> None:
    """Sets in the admissions of this process what the writer set in its copies."""
    events = [event for admission in admissions for event in admission.events]
    for event, (seq, flags, deliveries) in zip(events, stored, strict=True):
        event.seq, event.flags = seq, flags
        if deliveries:
            _take_over_deliveries(event.deliveries, deliveries)


def _take_over_deliveries(deliveries: Sequence[NewDelivery], stored: Sequence[Any]) -> None:
    for delivery, values in zip(deliveries, stored, strict=True):
        if delivery.keys is None:
            delivery.seq = values
        else:
            _take_over_tied(delivery, *values)


def _take_over_tied(
    delivery: NewDelivery,
    seq: Seq,
    state: DeliveryState,
    reason: Reason,
    detail: str,
    next_at: float,
    keys: Keys,
) -> None:
    delivery.seq = seq
    delivery.state = state
    delivery.reason = reason
    delivery.detail = detail
    delivery.next_at = next_at
    delivery.keys = keys
