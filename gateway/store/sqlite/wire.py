"""A batch and what became of it as bytes, between a gateway and the process that writes for it.

Both are one program, started together: nothing of this is kept, and no other can read or write it.
What comes often goes as plain tuples: a record pickled field by field costs twice as much.
"""

import pickle
import struct
from collections.abc import Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final, NamedTuple

from gateway.model.records import Admission, Admitted, Attempt, Keys, NewDelivery, NewEvent, Result
from gateway.store.sqlite.commits import Batch, Done
from gateway.store.sqlite.connection import Trouble

Tuple = tuple[Any, ...]  # Any: a record's fields, in their order
_PROTOCOL: Final = 5
_SIZE: Final = struct.Struct("<Q")


def _names(kind: type, before: str = "") -> list[str]:
    """The fields of a record in their order; up to one of them."""
    names = [field.name for field in fields(kind)]
    return names[: names.index(before)] if before else names


_HEAD: Final = len(_names(Admission, "body"))
"""Fields before an admission's body and events, which go their own ways."""
_ADMISSION: Final = attrgetter(*[n for n in _names(Admission) if n not in {"body", "events"}])
_EVENT: Final = attrgetter(*_names(NewEvent, "deliveries"))
_DELIVERY: Final = attrgetter(*_names(NewDelivery, "seq"))
_RESULT: Final = attrgetter(*_names(Result, "attempt"))
_ATTEMPT: Final = attrgetter(*_names(Attempt))
_ADMITTED: Final = attrgetter(*_names(Admitted))
_TIED: Final = ("seq", "state", "reason", "detail", "next_at", "keys")
"""What the writer sets of a delivery that is tied to others; of the rest it is `seq` alone."""
_OF_TIED: Final = attrgetter(*_TIED)


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
        for values, size, events in some:
            body = bytes(frame[at : at + size])
            at += size
            new = [_to_event(*event) for event in events]
            admissions.append(Admission(*[*values[:_HEAD], body, new, *values[_HEAD:]]))
        results += [_to_result(*one) for one in finished]
        changes += more
    return batch


def _admission(one: Admission) -> Tuple:
    return _ADMISSION(one), len(one.body), [_event(event) for event in one.events]


def _event(one: NewEvent) -> Tuple:
    return _EVENT(one), [_DELIVERY(delivery) for delivery in one.deliveries]


def _to_event(values: Tuple, deliveries: Sequence[Tuple]) -> NewEvent:
    return NewEvent(*[*values, [NewDelivery(*delivery) for delivery in deliveries]])


def _result(one: Result) -> Tuple:
    return _RESULT(one), one.attempt and _ATTEMPT(one.attempt), one.joins


def _to_result(values: Tuple, attempt: Tuple | None, joins: Keys | None) -> Result:
    return Result(*[*values, attempt and Attempt(*attempt), joins])


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
    outcomes = [[_ADMITTED(one) for one in admitted] for admitted in became.outcomes]
    mistake = became.mistake and RuntimeError(f"{type(became.mistake).__name__}: {became.mistake}")
    said = (
        became.seconds,
        outcomes,
        became.values,
        became.due,
        became.changed,
        became.counts,
        became.last,
        mistake,
    )
    return pickle.dumps((frames, said, stored), _PROTOCOL)


def read_answer(frame: bytes) -> Answer:
    """The other way."""
    frames, became, stored = pickle.loads(frame)  # noqa: S301  our own process wrote it
    if isinstance(became, Trouble):
        return Answer(frames, became, stored)
    seconds, outcomes, *rest = became
    admitted = [[Admitted(*one) for one in some] for some in outcomes]
    return Answer(frames, Done(seconds, admitted, *rest), stored)


def _stored(event: NewEvent) -> Tuple:
    deliveries = [one.seq if one.keys is None else _OF_TIED(one) for one in event.deliveries]
    return event.seq, event.flags, deliveries


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
            for name, value in zip(_TIED, values, strict=True):
                setattr(delivery, name, value)
