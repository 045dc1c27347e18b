"""Names we give to things: `evt_` and `dlv_` with a ULID, and the digests that make dedup small.

A ULID here rises within a process even inside one millisecond, so that new rows land at the right
edge of their index. Nobody may read an order out of it: order is the store's sequence.
"""

import hashlib
import time
from functools import lru_cache
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
_HALF: Final = 40
"""Bits: half of what is random in a ULID, eight letters of it."""
_LOW: Final = (1 << _HALF) - 1


def _letters(number: int) -> str:
    """40 bits as text."""
    pairs = _PAIRS
    return (
        f"{pairs[number >> 30]}{pairs[number >> 20 & 1023]}"
        f"{pairs[number >> 10 & 1023]}{pairs[number & 1023]}"
    )


class _Ulids:
    """Makes rising ULIDs (https://github.com/ulid/spec)."""

    __slots__ = ("_high", "_low", "_ms", "_prefix")

    def __init__(self) -> None:
        self._ms = 0
        self._high = 0
        self._prefix = ""
        """`_ms` and `_high` as text: most ids share them with the one before."""
        self._low = 0

    def next(self) -> str:
        ms = time.time_ns() // 1_000_000
        if ms > self._ms:
            # Half the space is left free, so that no millisecond runs out of it.
            self._move(ms, chance.number() & ((1 << _HALF - 1) - 1))
            low = chance.number() & _LOW
        else:
            # A small random step keeps ids of one millisecond rising and still not countable.
            low = self._low + 1 + (chance.number() & 0xFFFF_FFFF)
            if low > _LOW:
                self._move(self._ms, self._high + 1)
                low &= _LOW
        self._low = low
        pairs = _PAIRS
        return (
            f"{self._prefix}{pairs[low >> 30]}{pairs[low >> 20 & 1023]}"
            f"{pairs[low >> 10 & 1023]}{pairs[low & 1023]}"
        )

    def _move(self, ms: int, high: int) -> None:
        self._ms, self._high = ms, high
        # A ULID's time has 48 bits: two letters before the last eight.
        self._prefix = _PAIRS[ms >> _HALF] + _letters(ms & _LOW) + _letters(high)


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
    state = _digest_of(source, verified).copy()
    state.update(dedup_key.encode("utf-8", "surrogatepass"))
    return KeyDigest(state.digest())


@lru_cache(maxsize=1024)
def _digest_of(source: str, verified: bool) -> "hashlib.blake2b":  # a cache's key
    """What the digests of a source's keys begin with: to copy it costs half as much."""
    space = b"v" if verified else b"u"
    return hashlib.blake2b(source.encode() + b"\0", digest_size=16, person=space)


def fingerprint(source: str, body: bytes) -> int:
    """A signed 63-bit number that stands for source and body. body: itself, or
    what stands for it already."""
    digest = hashlib.blake2b(body, digest_size=8, key=source.encode()[:64]).digest()
    return int.from_bytes(digest) >> 1
