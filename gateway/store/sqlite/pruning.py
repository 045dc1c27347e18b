"""Retention: what is too old goes, in slices so small that no acceptance waits for one.

A pass walks each table once by number, with a cursor in memory, so that what must stay (held for
months, say) is stepped over once a pass and not once a slice. What goes lies side by side, for all
that comes of one commit is numbered together: so it goes in runs, each by its first and last number.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

from gateway.model.ids import KeyDigest
from gateway.model.states import DeliveryState
from gateway.store.sqlite import subjects
from gateway.store.sqlite.inserts import NAMED, OPEN, listed
from gateway.store.sqlite.keys import Keys
from gateway.store.sqlite.recent import RecentKeys
from gateway.store.sqlite.transaction import Transaction, note_highest

_FOUND: Final = """
    SELECT e.seq, e.receipt, r.events, r.pack, r.received_at < ?
    FROM events e JOIN receipts r ON r.seq = e.receipt
    WHERE e.seq > ? ORDER BY e.seq LIMIT ?"""
# By the index of what is unfinished: one step where all is finished, however many the events are.
_IN_THE_INDEX: Final = f"""deliveries d INDEXED BY deliveries_open
    WHERE {OPEN} AND d.event BETWEEN ? AND ? AND d.state"""
_UNFINISHED: Final = f"SELECT d.event FROM {_IN_THE_INDEX} IN ('pending', 'leased', 'held')"
# A dead delivery whose lane waits for a person is not over.
_STOPS: Final = f"""
    SELECT d.event FROM {_IN_THE_INDEX} = 'dead' AND d.stops = 1 AND d.order_key IS NOT NULL AND EXISTS (
        SELECT 1 FROM deliveries w WHERE w.target = d.target AND w.order_key = d.order_key
        AND w.order_key IS NOT NULL AND w.behind = 1
        AND (w.state = 'pending' OR w.state = 'leased' OR w.state = 'held'
            OR (w.state = 'dead' AND w.stops = 1)))"""
_DEAD: Final = f"SELECT d.target, count(*) FROM {_IN_THE_INDEX} = 'dead' GROUP BY 1"
_OF_THEIRS: Final = "deliveries INDEXED BY deliveries_event WHERE event BETWEEN ? AND ?"
_DELETE: Final = (
    f"DELETE FROM attempts WHERE delivery IN (SELECT seq FROM {_OF_THEIRS})",
    f"DELETE FROM {_OF_THEIRS}",
    "DELETE FROM events WHERE seq BETWEEN ? AND ?",
)
_RECEIPTS: Final = "DELETE FROM receipts WHERE seq BETWEEN ? AND ?"
_PART: Final = "UPDATE receipts SET events = events - ? WHERE seq = ?"
"""Of a receipt that keeps some of its events."""
_PACKS: Final = f"SELECT id, receipts FROM packs WHERE id IN {NAMED}"
_NO_PACKS: Final = f"DELETE FROM packs WHERE id IN {NAMED}"
_PART_OF_PACK: Final = "UPDATE packs SET receipts = receipts - ? WHERE id = ?"
_KEYS: Final = "SELECT event, digest, at < ? FROM dedup WHERE event > ? ORDER BY event LIMIT ?"
_DEDUP: Final = "DELETE FROM dedup WHERE event BETWEEN ? AND ?"
OF_A_LIST: Final = (_PACKS, _NO_PACKS)
OF_A_RUN: Final = (_UNFINISHED, _STOPS, _DEAD, subjects.PRUNE, *_DELETE, _RECEIPTS, _DEDUP)

# Only packs between a dictionary's number and the next one's are compressed against it. Whether all
# of those are is not asked: their rows are long. The newest may be in use.
_DICTIONARIES: Final = """
    DELETE FROM dictionaries
    WHERE id < (SELECT max(id) FROM dictionaries) AND NOT EXISTS (
        SELECT 1 FROM packs p WHERE p.id > dictionaries.id
        AND p.id < (SELECT min(n.id) FROM dictionaries n WHERE n.id > dictionaries.id))"""


class _Found(NamedTuple):
    """An event, in the order of `_FOUND`."""

    seq: int
    receipt: int
    of_receipt: int
    """Events that the receipt still has."""
    pack: int
    old: int


@dataclass(frozen=True, slots=True)
class Pruned:
    """What one slice did."""

    rows: int
    done: bool
    """The pass has seen all that is old enough."""


def prune(tx: Transaction, events_before: float, dedup_before: float, limit: int) -> Pruned:
    """Prunes one slice: up to `limit` events and keys each."""
    if tx.pruner is None:
        raise ValueError("a transaction that knows no pruner")
    return tx.pruner.slice(tx, events_before, dedup_before, limit)


class Pruner:
    """See the module's text. Lives beside the write connection."""

    __slots__ = ("_event", "_key", "_keys", "_recent")

    def __init__(self, recent: RecentKeys, keys: Keys) -> None:
        self._keys = keys
        self._recent = recent
        self._event = 0
        self._key = 0

    def slice(
        self, tx: Transaction, events_before: float, dedup_before: float, limit: int
    ) -> Pruned:
        """Prunes up to `limit` events and keys each."""
        note_highest(tx)
        events, event = self._prune_events(tx, events_before, limit)
        keys, key = self._prune_keys(tx, dedup_before, limit)
        done = event == key == 0

        def advance() -> None:
            self._event, self._key = event, key

        tx.after_commit.append(advance)
        return Pruned(events + keys, done)

    def _prune_events(self, tx: Transaction, before: float, limit: int) -> tuple[int, int]:
        """(rows that went, next cursor; 0: the pass is over)"""
        rows = tx.connection.execute(_FOUND, (before, self._event, limit))
        found = [_Found(*row) for row in rows]
        if not found:
            return 0, 0
        stay = _unfinished(tx, found[0].seq, found[-1].seq)
        going = {one.seq for one in found if one.old and one.seq not in stay}
        count = 0
        if going:
            for run in _runs((one.seq, one.seq in going) for one in found):
                count += _delete(tx, run)
            count += _release(tx, found, going)
        more = len(found) == limit and any(one.old for one in found)
        return count, found[-1].seq if more else 0

    def _prune_keys(self, tx: Transaction, before: float, limit: int) -> tuple[int, int]:
        found = tx.connection.execute(_KEYS, (before, self._key, limit)).fetchall()
        going = [KeyDigest(digest) for _, digest, old in found if old]
        for run in _runs((event, old) for event, _, old in found):
            tx.connection.execute(_DEDUP, run)
        # Memory forgets at once, the commit may still fail: then the database knows better.
        self._recent.forget(going)
        tx.after_commit.append(lambda: self._keys.forget(going))
        more = len(found) == limit and bool(going)
        return len(going), found[-1][0] if more else 0


_Run = tuple[int, int]
"""The first and the last number of neighbours that all go."""


def _runs(numbers: Iterable[tuple[int, bool]]) -> Iterator[_Run]:
    """numbers: in order, each with whether it goes."""
    for goes, some in groupby(numbers, itemgetter(1)):
        if goes:
            run = [number for number, _ in some]
            yield run[0], run[-1]


def _unfinished(tx: Transaction, first: int, last: int) -> set[int]:
    """Events between these that are not over."""
    return {
        event
        for query in (_UNFINISHED, _STOPS)
        for (event,) in tx.connection.execute(query, (first, last))
    }


def _delete(tx: Transaction, run: _Run) -> int:
    """Events with their deliveries and attempts; returns the number of rows."""
    for target, count in tx.connection.execute(_DEAD, run):
        tx.counts[target, DeliveryState.DEAD] -= count
    tx.connection.execute(subjects.PRUNE, run)
    return sum(tx.connection.execute(statement, run).rowcount for statement in _DELETE)


def _release(tx: Transaction, found: Sequence[_Found], going: set[int]) -> int:
    """Takes these events off their receipts; a receipt without any goes, and so do packs without
    receipts. Returns how many rows went.

    An UPDATE of a pack would write all its bytes anew, so only one that keeps some is updated.
    """
    gone = Counter(one.receipt for one in found if one.seq in going)
    receipts = {one.receipt: one for one in found}
    empty = {seq for seq, count in gone.items() if count >= receipts[seq].of_receipt}
    part = [(count, seq) for seq, count in gone.items() if seq not in empty]
    tx.connection.executemany(_PART, part)
    for run in _runs((seq, seq in empty) for seq in receipts):
        tx.connection.execute(_RECEIPTS, run)
    if not empty:
        return 0
    return len(empty) + _release_packs(tx, Counter(receipts[seq].pack for seq in empty))


def _release_packs(tx: Transaction, gone: Counter[int]) -> int:
    """gone: packs, each with how many of its receipts went. Returns how many packs went."""
    kept = dict(tx.connection.execute(_PACKS, (listed(list(gone)),)))
    empty = [pack for pack, count in gone.items() if count >= kept.get(pack, 0)]
    part = [(count, pack) for pack, count in gone.items() if count < kept.get(pack, 0)]
    tx.connection.executemany(_PART_OF_PACK, part)
    count = tx.connection.execute(_NO_PACKS, (listed(empty),)).rowcount
    if count:
        tx.connection.execute(_DICTIONARIES)
    return count
