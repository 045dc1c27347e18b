"""Names we give to things: `evt_` and `dlv_` with a ULID, and the digests that make dedup small.

A ULID here rises within a process even inside one millisecond, so that new rows land at the right
edge of their index. Nobody may read an order out of it: order is the store's sequence.
"""

import hashlib
import time
from typing import Final, NewType

from gateway.model import chance

EventId = NewType("EventId", str)
DeliveryId = NewType("DeliveryId", str)
Seq = NewType("Seq", int)
"""The store's one rising sequence: receipts, events, deliveries and attempts are ordered by it."""
KeyDigest = NewType("KeyDigest", bytes)
"""16 bytes that stand for (source, namespace, dedup key)."""

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = [a + b for a in _ALPHABET for b in _ALPHABET]
_RANDOM_BITS: Final = 80
_RANDOM_SHIFTS: Final = range(_RANDOM_BITS - 10, -1, -10)
_TIME_SHIFTS: Final = range(40, -1, -10)


class _Ulids:
    """Makes rising ULIDs (https://github.com/ulid/spec)."""

    __slots__ = ("_low", "_ms", "_prefix")

    def __init__(self) -> None:
        self._ms = 0
        self._prefix = ""
        """`_ms` as text: most ids share it with the one before."""
        self._low = 0

    def next(self) -> str:
        ms = time.time_ns() // 1_000_000
        random = int.from_bytes(chance.piece())
        if ms > self._ms:
            # Half the space is left free, so that no millisecond runs out of it.
            self._low = random & ((1 << _RANDOM_BITS - 1) - 1)
            self._ms = ms
            self._prefix = "".join([_PAIRS[(ms >> shift) & 1023] for shift in _TIME_SHIFTS])
        else:
            # A small random step keeps ids of one millisecond rising and still not countable.
            self._low += 1 + (random & 0xFFFF_FFFF)
        low = self._low
        return self._prefix + "".join([_PAIRS[(low >> shift) & 1023] for shift in _RANDOM_SHIFTS])


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
