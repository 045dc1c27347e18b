"""Names we give to things: `evt_` and `dlv_` with a ULID, and the digests that make dedup small.

A ULID here rises within a process even inside one millisecond, so that new rows land at the right
edge of their index. Nobody may read an order out of it: order is the store's sequence.
"""

import hashlib
import os
import time
from typing import NewType

EventId = NewType("EventId", str)
DeliveryId = NewType("DeliveryId", str)
Seq = NewType("Seq", int)
"""The store's one rising sequence: receipts, events, deliveries and attempts are ordered by it."""
KeyDigest = NewType("KeyDigest", bytes)
"""16 bytes that stand for (source, namespace, dedup key)."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]
_RANDOM_BITS = 80


class _Ulids:
    """Makes rising ULIDs (https://github.com/ulid/spec)."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> str:
        fresh = (time.time_ns() // 1_000_000 << _RANDOM_BITS) | int.from_bytes(os.urandom(10))
        if fresh >> _RANDOM_BITS <= self._last >> _RANDOM_BITS:
            # A small random step keeps ids of one millisecond rising and still not countable.
            fresh = self._last + 1 + int.from_bytes(os.urandom(4))
        self._last = fresh
        return "".join([_PAIRS[(fresh >> shift) & 1023] for shift in range(120, -1, -10)])


_ulids = _Ulids()


def new_event_id() -> EventId:
    """A new event's id."""
    return EventId("evt_" + _ulids.next())


def new_delivery_id() -> DeliveryId:
    """A new delivery's id: the `webhook-id` its target sees at every attempt."""
    return DeliveryId("dlv_" + _ulids.next())


def key_digest(source: str, dedup_key: str, *, verified: bool) -> KeyDigest:
    """The digest under which an event is the same event.

    Unverified events live in a namespace of their own, so that nobody unproven can take the place
    of an event that is still to come.
    """
    space = b"v" if verified else b"u"
    text = source.encode() + b"\0" + dedup_key.encode("utf-8", "surrogatepass")
    return KeyDigest(hashlib.blake2b(text, digest_size=16, person=space).digest())


def fingerprint(source: str, body: bytes) -> int:
    """A signed 63-bit number that stands for source and body (an SQLite row id)."""
    digest = hashlib.blake2b(body, digest_size=8, key=source.encode()[:64]).digest()
    return int.from_bytes(digest) >> 1
