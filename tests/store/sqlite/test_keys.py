"""Keys whose index is late: what is taken is known at every moment, whatever was forgotten."""

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.model.ids import EventId, KeyDigest, Seq
from gateway.store.sqlite import files
from gateway.store.sqlite.keys import KEYS, PARTS, Keys
from gateway.store.sqlite.migrations import migrate
from gateway.store.sqlite.recent import Kept
from gateway.store.sqlite.transaction import Rising, Transaction

WAITING = 300
Rows = list[tuple[KeyDigest, Kept]]


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = files.connect(files.prepare(tmp_path / "gateway.db"))
    migrate(connection, "gateway.db")
    yield connection
    connection.close()


class Player:
    """Does to keys what commits do, and knows what is in `dedup`."""

    def __init__(self, db: sqlite3.Connection, seed: int) -> None:
        self.db = db
        self.chance = random.Random(seed)
        self.keys = Keys(WAITING)
        self.sequence = Rising(0)
        self.all: list[KeyDigest] = []

    def digest(self) -> KeyDigest:
        """A new one, of a few parts more often than of the others; or one that was there before."""
        if self.all and self.chance.random() < 0.2:
            return self.chance.choice(self.all)
        first = self.chance.choice([0, 1, 255, self.chance.randrange(PARTS)])
        self.all.append(KeyDigest(bytes([first]) + self.chance.randbytes(15)))
        return self.all[-1]

    def accept(self, count: int, *, committed: bool = True, remembered: bool = True) -> None:
        digests = list({self.digest(): None for _ in range(count)})
        tx = Transaction(self.db, self.sequence, 0.0)
        self.db.execute("BEGIN IMMEDIATE")
        found = self.keys.find(self.db, digests)
        assert found == self.truth(digests)
        new = [
            (digest, Kept(seq := self.sequence.next(), EventId(f"evt_{seq}")), 0.0)
            for digest in digests
            if digest not in found
        ]
        self.keys.claim(tx, new)
        self.end(tx, committed=committed, remembered=remembered)

    def prune(self, count: int) -> None:
        rows = self.db.execute(
            "SELECT digest, event FROM dedup ORDER BY event LIMIT ?", (count,)
        ).fetchall()
        self.db.execute("BEGIN IMMEDIATE")
        self.db.executemany("DELETE FROM dedup WHERE event = ?", [(seq,) for _, seq in rows])
        self.db.execute("COMMIT")
        self.keys.forget(digest for digest, _ in rows)

    def end(self, tx: Transaction, *, committed: bool, remembered: bool) -> None:
        self.db.execute("COMMIT" if committed else "ROLLBACK")
        for remember in tx.after_commit if committed and remembered else ():
            remember()

    def truth(self, digests: list[KeyDigest]) -> dict[KeyDigest, Kept]:
        wanted = set(digests)
        rows = self.db.execute("SELECT digest, event, id FROM dedup").fetchall()
        return {digest: Kept(Seq(seq), name) for digest, seq, name in rows if digest in wanted}

    def step(self) -> None:
        what = self.chance.random()
        if what < 0.75:
            self.accept(self.chance.choice([1, 5, 32, 70, 200]))
        elif what < 0.85:
            self.prune(self.chance.choice([1, 50, 400]))
        elif what < 0.90:
            self.accept(40, committed=False)
        elif what < 0.95:
            self.accept(40, remembered=False)
        else:
            self.keys = Keys(WAITING)


@pytest.mark.parametrize("seed", range(6))
def test_exactly_what_is_kept_is_found(db: sqlite3.Connection, seed: int) -> None:
    player = Player(db, seed)
    for _ in range(120):
        player.step()
        some = player.chance.sample(player.all, min(50, len(player.all)))
        if player.chance.random() < 0.3:
            assert player.keys.find(db, some) == player.truth(some)
    assert db.execute("SELECT count(*) FROM digests").fetchone()[0] > 0
    assert player.keys.find(db, player.all) == player.truth(player.all)


def test_what_waits_in_memory_is_bounded(db: sqlite3.Connection) -> None:
    player = Player(db, 1)
    for _ in range(60):
        player.accept(50)
        (kept,) = db.execute("SELECT count(*) FROM dedup").fetchone()
        (swept,) = db.execute("SELECT count(*) FROM digests").fetchone()
        assert kept - swept <= WAITING + 50


def test_entries_of_what_was_pruned_leave_the_index(db: sqlite3.Connection) -> None:
    player = Player(db, 2)
    for turn in range(400):
        player.accept(40)
        player.prune(40 if turn > 30 else 0)
    (kept,) = db.execute("SELECT count(*) FROM dedup").fetchone()
    (entries,) = db.execute("SELECT count(*) FROM digests").fetchone()
    assert len(player.all) > 8 * kept
    assert entries < 2 * kept


@pytest.mark.parametrize("sql", KEYS)
def test_only_the_keys_asked_for_are_looked_at(db: sqlite3.Connection, sql: str) -> None:
    values = [b"\0" * 16] * sql.count("?")
    plan = [row[3] for row in db.execute("EXPLAIN QUERY PLAN " + sql, values)]
    assert all(step.startswith("SEARCH") for step in plan)
