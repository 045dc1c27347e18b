"""What goes to the process that writes arrives as it was, however the socket cuts it."""

import dataclasses
import socket
import threading
from collections.abc import Sequence
from typing import Any
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from gateway.model.ids import DeliveryId, EventId, Seq
from gateway.model.records import Admission, Attempt, Keys, NewDelivery, NewEvent, Result
from gateway.model.states import DeliveryState, ErrorClass, Reason, Trigger
from gateway.store.sqlite import channel, leases, wire
from gateway.store.sqlite.channel import Channel, Frames, framed
from gateway.store.sqlite.commits import Batch, Change

DELIVERY = NewDelivery(
    DeliveryId("dlv_1"), "r", "t", DeliveryState.HELD, Reason.PAUSED, 1.5, "why",
    Keys("o", True, "f", "b", 2.5), Trigger.REPLAY, DeliveryId("dlv_0"),
)  # fmt: skip
EVENT = NewEvent(
    EventId("evt_1"), 3, "key", "vcs.push", "push", "id", "subject", 4.5,
    b"{}", ("flag",), True, False, [DELIVERY],
)  # fmt: skip
ADMISSION = Admission(
    "s", "p", 5.5, "::1", "scheme", "label", "text/plain", ((b"A", b"\xff"),), b"\x00body",
    [EVENT], False, "stale", True, b"mac",
)  # fmt: skip
ATTEMPT = Attempt(2, 6.5, "e", 503, next(iter(ErrorClass)), "said", 0.5, b"\xfe", Trigger.RETRY)
RESULT = Result(Seq(7), DeliveryState.PENDING, Reason.RETRY, "later", 7.5, ATTEMPT, Keys("o", True))
BATCH = Batch(
    [ADMISSION],
    [RESULT, dataclasses.replace(RESULT, attempt=None, joins=None)],
    [Change(leases.lease, ([Seq(1), Seq(2)],))],
)
SET_BY_THE_STORE = {"seq", "digest", "behind", "took_over"}


def test_no_field_is_left_behind() -> None:
    for one in (DELIVERY, EVENT, ADMISSION, ATTEMPT, RESULT):
        for field in dataclasses.fields(one):
            default = None if field.default is dataclasses.MISSING else field.default
            if field.name not in SET_BY_THE_STORE:
                assert getattr(one, field.name) != default, f"{field.name} shows nothing"
    assert wire.decode([b"".join(wire.encode(BATCH))]) == BATCH


def test_several_frames_are_one_batch_in_their_order() -> None:
    other = Batch([dataclasses.replace(ADMISSION, source="z")], [], [])
    both = wire.decode([b"".join(wire.encode(one)) for one in (BATCH, other)])
    assert both.admissions == [ADMISSION, *other.admissions]
    assert (both.results, both.changes) == (BATCH.results, BATCH.changes)


@given(st.lists(st.binary(max_size=200), max_size=8), st.data())
def test_frames_come_out_whole_wherever_the_stream_is_cut(
    contents: Sequence[bytes], data: Any
) -> None:
    stream = b"".join(b"".join(framed([one])) for one in contents)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=10))
    frames = Frames()
    found: list[bytes] = []
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(stream)], strict=True):
        found += frames.feed(stream[start:end])
    assert found == list(contents)


@given(
    st.lists(st.binary(max_size=200), max_size=8),
    st.lists(st.integers(1, 300), max_size=20),
    st.booleans(),
)
def test_a_channel_gives_each_frame_whole_and_once(
    contents: Sequence[bytes], cuts: Sequence[int], forgets: bool
) -> None:
    ours, theirs = socket.socketpair()
    stream = b"".join(b"".join(framed([one])) for one in contents)
    found: list[bytes] = []
    with ours, theirs, mock.patch.object(channel, "ROOM", 64):
        end = Channel(theirs)
        for cut in cuts:
            ours.sendall(stream[:cut])
            stream = stream[cut:]
        ours.sendall(stream)
        ours.shutdown(socket.SHUT_WR)
        while frames := end.receive():
            found += map(bytes, frames)
            del frames
            if forgets:
                end.forget()
    assert found == list(contents)


def test_a_channel_keeps_no_room_of_a_large_frame() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        end = Channel(theirs)
        large = bytes(3 * channel.ROOM)
        sender = threading.Thread(target=Channel(ours).send, args=(large,))
        sender.start()
        (frame,) = end.receive()
        assert frame == large
        sender.join()
        Channel(ours).send(b"small")
        del frame
        end.forget()
        assert len(end._buffer) == channel.ROOM
        assert list(map(bytes, end.receive())) == [b"small"]


def test_a_body_is_sent_from_where_it_is_and_comes_to_the_one_it_belongs_to() -> None:
    bodies = (bytes([n]) * size for n, size in enumerate((300_000, 0, 3)))
    some = [dataclasses.replace(ADMISSION, body=body) for body in bodies]
    batch = Batch([ADMISSION, *some, ADMISSION, *some], [RESULT], [])
    pieces = wire.encode(batch)
    for one in batch.admissions:
        assert not one.body or any(piece is one.body for piece in pieces)
    assert all(pieces)
    assert wire.decode([b"".join(pieces)]) == batch
