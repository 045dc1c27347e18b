"""What was committed lately, in memory: the keys of events, which makes most duplicates cheap, and
the fingerprints of bodies.

Only the writer adds, and only after a commit; the event loop reads.
"""

from collections.abc import Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

from gateway.model.ids import EventId, KeyDigest, Seq


class Kept(NamedTuple):
    """The event that the database keeps under a key."""

    seq: Seq
    id: EventId


_K = TypeVar("_K")
_V = TypeVar("_V")


class Recent(Generic[_K, _V]):
    """A bounded map. What is added or used again goes into the new half; when that is full it is the
    old half, and what was the old half goes, one key for each that comes.

    One dict that loses its oldest keys is no way: each search for the oldest walks over all that was
    deleted before it, up to 60 us a key, and the dict makes itself anew now and then, 5 MiB (both
    measured). To free a half at once would stop the process for 10 ms.
    """

    __slots__ = ("_going", "_half", "_new", "_old")

    def __init__(self, limit: int) -> None:
        """limit: number of keys, and those of one commit more; the latest half of it is always here.

        A dict takes twice the room from 21,846 keys on, and again from 43,691: halves a little under
        that cost least.
        """
        self._half = limit // 2
        self._new: dict[_K, _V] = {}
        self._old: dict[_K, _V] = {}
        self._going: dict[_K, _V] = {}

    def get(self, key: _K) -> _V | None:
        """Any thread may ask: a key that moves is in the next place before it is gone from this."""
        return self._new.get(key) or self._old.get(key) or self._going.get(key)

    def add(self, keys: Sequence[tuple[_K, _V]]) -> None:
        """Adds keys that were committed, or marks them as used again."""
        self._new.update(keys)
        for _ in range(min(len(keys), len(self._going))):
            self._going.popitem()
        if len(self._new) >= self._half:
            self._going = self._old
            self._old = self._new
            self._new = {}

    def forget(self, gone: Iterable[_K]) -> None:
        """Drops keys that the database has pruned."""
        for key in gone:
            for keys in (self._new, self._old, self._going):
                keys.pop(key, None)

    def __len__(self) -> int:
        return len(self._new) + len(self._old) + len(self._going)


RecentKeys = Recent[KeyDigest, Kept]
