"""The keys of all events: which event the database keeps under a key's digest.

Each event has a row in `dedup`, in order of their numbers. The index over the digests, `digests`, is
late: a digest is a hash, its place is anywhere, and of a million events each would have a page of the
index written for itself. So the latest keys wait here in memory, each with its row in `dedup` already;
and part after part (a digest's first byte) they go into the index together, several to a page.

What pruning takes out of `dedup` stays in the index until its part is swept: an entry without its row
means nothing.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final

from gateway.model.ids import EventId, KeyDigest, Seq
from gateway.store.sqlite import inserts
from gateway.store.sqlite.inserts import Insert, marks
from gateway.store.sqlite.recent import Kept
from gateway.store.sqlite.transaction import Transaction

PARTS: Final = 256
WAITING: Final = 32_000
"""Keys in memory, and those of one commit more; 3 MB beside `RecentKeys`, which share most of them,
10 alone. Twice as many come between two sweeps of a part: of a million keys, nine a page."""
_STALE: Final = 8
"""A part is cleaned where of its numbers one in so many may be an entry without a row: to look for
them reads the whole part."""
_WIDTHS: Final = (1, 8, 32, 64)
"""Digests asked for in one statement; fewer are filled up, so that few statements stay prepared."""
_FOUND: Final = {
    width: "SELECT x.digest, x.event, d.id FROM digests x CROSS JOIN dedup d ON d.event = x.event "
    f"WHERE x.digest IN ({marks(width)})"
    for width in _WIDTHS
}
NOT_SWEPT: Final = "dedup WHERE event > (SELECT min(upto) FROM swept)"
"""FROM and WHERE of the keys that may not be in the index yet."""
_REST: Final = f"SELECT digest, event, id FROM {NOT_SWEPT} ORDER BY event"
_ENTER: Final = Insert(
    "digests", "digest event", conflict="ON CONFLICT (digest) DO UPDATE SET event = excluded.event"
)
_CLEAN: Final = "DELETE FROM digests WHERE digest BETWEEN ? AND ? AND event < ?"
_HIGHEST: Final = b"\xff" * 16
_OLDEST: Final = "SELECT min(event) FROM dedup"
_NEWEST: Final = "SELECT max(event) FROM dedup"
_SWEPT: Final = "UPDATE swept SET upto = ? WHERE part = ?"
KEYS: Final = (*_FOUND.values(), _CLEAN, _OLDEST, _NEWEST)


class Keys:
    """See the module's text. Lives in the writer thread."""

    __slots__ = ("_cleaned", "_count", "_newest", "_next", "_waiting", "_waits")

    def __init__(self, waiting: int = WAITING) -> None:
        """waiting: keys that stay in memory."""
        self._waits = waiting
        self._waiting: list[dict[KeyDigest, Kept]] = [{} for _ in range(PARTS)]
        self._count = 0
        self._newest = 0
        """The last event that has a key, as far as is known here."""
        self._next = 0
        """The part that is swept next."""
        self._cleaned = [0] * PARTS
        """Below which number a part has no entry without a row. After a start nothing is known."""

    def load(self, connection: sqlite3.Connection) -> None:
        """Reads what is not in the index yet."""
        upto = [0] * PARTS
        for part, seq in connection.execute("SELECT part, upto FROM swept"):
            upto[part] = seq
        self._waiting = [{} for _ in range(PARTS)]
        self._count = 0
        self._next = upto.index(min(upto))
        keys = (
            (KeyDigest(digest), Kept(Seq(event), EventId(name)))
            for digest, event, name in connection.execute(_REST)
            if event > upto[digest[0]]
        )
        self.add(list(keys))
        self._newest = _newest(connection)

    def find(
        self, connection: sqlite3.Connection, digests: Sequence[KeyDigest]
    ) -> dict[KeyDigest, Kept]:
        """Those of the keys that are taken.

        What memory knows is compared with the database by one number: a commit that was taken for
        failed may be there, and what should have been remembered may not have been.
        """
        if _newest(connection) != self._newest:
            self.load(connection)
        found = {
            digest: kept
            for digest in digests
            if (kept := self._waiting[digest[0]].get(digest)) is not None
        }
        for start in range(0, len(digests), _WIDTHS[-1]):
            some = digests[start : start + _WIDTHS[-1]]
            width = next(width for width in _WIDTHS if width >= len(some))
            values = (*some, *[None] * (width - len(some)))
            for digest, event, name in connection.execute(_FOUND[width], values):
                found.setdefault(digest, Kept(event, name))
        return found

    def claim(self, tx: Transaction, keys: Sequence[tuple[KeyDigest, Kept, float]]) -> None:
        """Stores keys that `find` did not find, in order of their events, with the time of each."""
        inserts.DEDUP.run(
            tx.connection, [(kept.seq, kept.id, digest, at) for digest, kept, at in keys]
        )
        self.sweep(tx)
        new = [(digest, kept) for digest, kept, _ in keys]
        tx.after_commit.append(lambda: self.add(new))

    def add(self, keys: Sequence[tuple[KeyDigest, Kept]]) -> None:
        """Keys of new events that are on disk now, in order of their numbers."""
        for digest, kept in keys:
            self._waiting[digest[0]][digest] = kept
        if keys:
            self._count += len(keys)
            self._newest = keys[-1][1].seq

    def forget(self, digests: Iterable[KeyDigest]) -> None:
        """Keys that are pruned, or in the index, on disk."""
        for digest in digests:
            if self._waiting[digest[0]].pop(digest, None) is not None:
                self._count -= 1

    def sweep(self, tx: Transaction) -> None:
        """Puts parts into the index while more keys wait than should."""
        count = self._count
        part = self._next
        while count > self._waits:
            keys = self._waiting[part]
            self._sweep(tx, part, keys)
            count -= len(keys)
            part = (part + 1) % PARTS

    def _sweep(self, tx: Transaction, part: int, keys: dict[KeyDigest, Kept]) -> None:
        rows = sorted((digest, kept.seq) for digest, kept in keys.items())
        _ENTER.run(tx.connection, rows)
        last = self._newest
        tx.connection.execute(_SWEPT, (last, part))
        (first,) = tx.connection.execute(_OLDEST).fetchone()
        floor = last if first is None else first
        cleans = (floor - self._cleaned[part]) * _STALE > last - floor
        if cleans:
            tx.connection.execute(_CLEAN, (bytes([part]), bytes([part]) + _HIGHEST, floor))

        def swept() -> None:
            self.forget([digest for digest, _ in rows])
            self._next = (part + 1) % PARTS
            if cleans:
                self._cleaned[part] = floor

        tx.after_commit.append(swept)


def _newest(connection: sqlite3.Connection) -> int:
    (newest,) = connection.execute(_NEWEST).fetchone()
    return newest or 0
