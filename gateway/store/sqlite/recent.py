"""The memory of recently committed keys: what makes most duplicates cheap.

Only the writer adds, and only after a commit; the event loop reads.
"""

from collections.abc import Iterable
from typing import NamedTuple

from gateway.model.ids import EventId, KeyDigest, Seq


class Kept(NamedTuple):
    """The event that the database keeps under a key."""

    seq: Seq
    id: EventId


class RecentKeys:
    """A bounded map; the least recently used key goes first."""

    __slots__ = ("_keys", "_limit")

    def __init__(self, limit: int) -> None:
        """limit: number of keys, some 300 bytes each."""
        self._keys: dict[KeyDigest, Kept] = {}
        self._limit = limit

    def get(self, digest: KeyDigest) -> Kept | None:
        """Any thread may ask: one look-up is atomic."""
        return self._keys.get(digest)

    def add(self, keys: Iterable[tuple[KeyDigest, Kept]]) -> None:
        """Adds keys that were committed, or marks them as used again."""
        known = self._keys
        for digest, kept in keys:
            known.pop(digest, None)
            known[digest] = kept
        while len(known) > self._limit:
            del known[next(iter(known))]

    def forget(self, digests: Iterable[KeyDigest]) -> None:
        """Drops keys that the database has pruned."""
        for digest in digests:
            self._keys.pop(digest, None)

    def __len__(self) -> int:
        return len(self._keys)
