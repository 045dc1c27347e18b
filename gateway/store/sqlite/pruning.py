"""Retention: what is too old goes, in slices so small that no acceptance waits for one.

A pass walks each table once by number, with a cursor in memory, so that what must stay (held for
months, say) is stepped over once a pass and not once a slice.
"""

from dataclasses import dataclass
from typing import Final

from gateway.model.ids import KeyDigest
from gateway.model.states import DeliveryState
from gateway.store.sqlite.inserts import NAMED, listed
from gateway.store.sqlite.recent import RecentKeys
from gateway.store.sqlite.transaction import Transaction, note_highest

# A dead delivery whose lane waits for a person is not over.
_STOPS: Final = """d.state = 'dead' AND d.stops = 1 AND d.order_key IS NOT NULL AND EXISTS (
        SELECT 1 FROM deliveries w WHERE w.target = d.target AND w.order_key = d.order_key
        AND w.order_key IS NOT NULL AND w.behind = 1
        AND (w.state = 'pending' OR w.state = 'leased' OR w.state = 'held'
            OR (w.state = 'dead' AND w.stops = 1)))"""
_EVENTS: Final = f"""
    SELECT e.seq, e.receipt, r.received_at < ? AS old, NOT EXISTS (
        SELECT 1 FROM deliveries d
        WHERE d.event = e.seq AND (d.state IN ('pending', 'leased', 'held') OR {_STOPS})) AS finished
    FROM events e JOIN receipts r ON r.seq = e.receipt
    WHERE e.seq > ? ORDER BY e.seq LIMIT ?"""
_KEYS: Final = "SELECT event, digest, at < ? FROM dedup WHERE event > ? ORDER BY event LIMIT ?"
# By the events: SQLite would walk all that is dead instead of theirs.
_DEAD: Final = (
    "SELECT target, count(*) FROM deliveries INDEXED BY deliveries_event "
    f"WHERE state = 'dead' AND event IN {NAMED} GROUP BY 1"
)
_OF_THEIRS: Final = (
    f"(SELECT seq FROM deliveries INDEXED BY deliveries_event WHERE event IN {NAMED})"
)
_DELETE: Final = (
    f"DELETE FROM attempts WHERE delivery IN {_OF_THEIRS}",
    f"DELETE FROM deliveries WHERE event IN {NAMED}",
    f"DELETE FROM events WHERE seq IN {NAMED}",
)
_RECEIPTS: Final = f"DELETE FROM receipts WHERE events <= 0 AND seq IN {NAMED} RETURNING pack"
_PACKS: Final = f"DELETE FROM packs WHERE receipts <= 0 AND id IN {NAMED}"
_DEDUP: Final = f"DELETE FROM dedup WHERE event IN {NAMED}"
PRUNES: Final = (_DEAD, *_DELETE, _RECEIPTS, _PACKS, _DEDUP)

# Only packs between a dictionary's number and the next one's are compressed against it. Whether all
# of those are is not asked: their rows are long. The newest may be in use.
_DICTIONARIES: Final = """
    DELETE FROM dictionaries
    WHERE id < (SELECT max(id) FROM dictionaries) AND NOT EXISTS (
        SELECT 1 FROM packs p WHERE p.id > dictionaries.id
        AND p.id < (SELECT min(n.id) FROM dictionaries n WHERE n.id > dictionaries.id))"""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What one slice did."""

    rows: int
    done: bool
    """The pass has seen all that is old enough."""


class Pruner:
    """See the module's text. Lives in the writer thread."""

    __slots__ = ("_event", "_key", "_recent")

    def __init__(self, recent: RecentKeys) -> None:
        self._recent = recent
        self._event = 0
        self._key = 0

    def slice(
        self, tx: Transaction, events_before: float, dedup_before: float, limit: int
    ) -> Pruned:
        """Prunes up to `limit` events and keys each."""
        note_highest(tx)
        events, event = self._events(tx, events_before, limit)
        keys, key = self._keys(tx, dedup_before, limit)
        done = event == key == 0

        def advance() -> None:
            self._event, self._key = event, key

        tx.after_commit.append(advance)
        return Pruned(events + keys, done)

    def _events(self, tx: Transaction, before: float, limit: int) -> tuple[int, int]:
        """(rows that went, next cursor; 0: the pass is over)"""
        found = tx.connection.execute(_EVENTS, (before, self._event, limit)).fetchall()
        going = [(seq, receipt) for seq, receipt, old, finished in found if old and finished]
        count = 0
        if going:
            count += _delete(tx, [seq for seq, _ in going])
            count += _release_receipts(tx, [receipt for _, receipt in going])
        more = len(found) == limit and any(row[2] for row in found)
        return count, found[-1][0] if more else 0

    def _keys(self, tx: Transaction, before: float, limit: int) -> tuple[int, int]:
        found = tx.connection.execute(_KEYS, (before, self._key, limit)).fetchall()
        going = [(event, KeyDigest(digest)) for event, digest, old in found if old]
        if going:
            tx.connection.execute(_DEDUP, (listed([event for event, _ in going]),))
        # Memory forgets at once, the commit may still fail: then the database knows better.
        self._recent.forget(digest for _, digest in going)
        more = len(found) == limit and any(row[2] for row in found)
        return len(going), found[-1][0] if more else 0


def _delete(tx: Transaction, events: list[int]) -> int:
    """Events with their deliveries and attempts; returns the number of rows."""
    which = (listed(events),)
    for target, count in tx.connection.execute(_DEAD, which):
        tx.counts[target, DeliveryState.DEAD] -= count
    return sum(tx.connection.execute(statement, which).rowcount for statement in _DELETE)


def _release_receipts(tx: Transaction, receipts: list[int]) -> int:
    """Takes one event off each receipt named; those without any go, and so do their packs."""
    tx.connection.executemany(
        "UPDATE receipts SET events = events - 1 WHERE seq = ?", [(seq,) for seq in receipts]
    )
    gone = tx.connection.execute(_RECEIPTS, (listed(receipts),)).fetchall()
    if not gone:
        return 0
    tx.connection.executemany("UPDATE packs SET receipts = receipts - 1 WHERE id = ?", gone)
    packs = tx.connection.execute(_PACKS, (listed([pack for (pack,) in gone]),)).rowcount
    if packs:
        tx.connection.execute(_DICTIONARIES)
    return len(gone) + packs
