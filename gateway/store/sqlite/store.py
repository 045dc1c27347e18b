"""The SQLite store: writes go to the one writer thread, reads to the read-only pool."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiosqlite

from gateway.errors import StoreUnavailable
from gateway.model.ids import EventId, KeyDigest, Seq
from gateway.model.records import (
    Admission,
    Admitted,
    AuditEntry,
    Moved,
    NewDelivery,
    Result,
    Selection,
)
from gateway.model.states import Reason, Verb
from gateway.store.protocol import Health, Listener
from gateway.store.sqlite import again, files, inserts, leases, moves
from gateway.store.sqlite.connection import WELL, Trouble, WriteConnection
from gateway.store.sqlite.inserts import text
from gateway.store.sqlite.pruning import Pruned, Pruner
from gateway.store.sqlite.reader import SqliteReader
from gateway.store.sqlite.recent import RecentKeys
from gateway.store.sqlite.transaction import Transaction, note_highest
from gateway.store.sqlite.writer import Fault, Writer

RECENT_KEYS: Final = 40_000
"""Some 12 MB; a provider's own retries come within minutes."""


class SqliteStore(SqliteReader):
    """`gateway.store.protocol.Store` on one SQLite file."""

    def __init__(
        self,
        database: Path,
        connection: WriteConnection,
        writer: Writer,
        recent: RecentKeys,
        lock: files.Lock,
    ) -> None:
        super().__init__(database)
        self._connection = connection
        self._writer = writer
        self._recent = recent
        self._pruner = Pruner(recent)
        self._lock: files.Lock | None = lock

    # ---- writes

    def accept(self, admission: Admission) -> Awaitable[Sequence[Admitted]]:
        """Stores a receipt with its events and deliveries, or finds them to be duplicates."""
        return self._writer.accept(admission)

    async def record(self, results: Sequence[Result]) -> None:
        """Stores what became of leased deliveries, with their attempts."""
        if results:
            await self._writer.record(results)

    async def begin(self, delivery: Seq) -> None:
        """Marks that an attempt of a suspect begins."""
        await self._writer.change(lambda tx: leases.begin(tx, delivery))

    async def lease(self, deliveries: Sequence[Seq]) -> Sequence[Seq]:
        """Takes pending deliveries; returns those that were still pending."""
        return await self._writer.change(lambda tx: leases.lease(tx, deliveries))

    async def move(
        self, selection: Selection, verb: Verb, reason: Reason, detail: str = ""
    ) -> Moved:
        """Applies a verb. Over 2,000 deliveries not named by id are moved in several commits."""
        return await self._in_slices(
            lambda tx: moves.move(tx, selection, verb, reason, detail),
            lambda tx, some: moves.move_numbered(tx, some, verb, reason, detail),
        )

    async def release_paused(self) -> Moved:
        """Releases what nothing pauses any more; over 2,000 in several commits."""
        return await self._in_slices(moves.release_paused, moves.release_numbered)

    async def _in_slices(
        self,
        first: Callable[[Transaction], moves.Slice],
        more: Callable[[Transaction, Sequence[int]], Moved],
    ) -> Moved:
        part = await self._writer.change(first)
        count = part.moved.count
        due = list(part.moved.due)
        for start in range(0, len(part.rest), moves.SLICE):
            some = part.rest[start : start + moves.SLICE]
            moved = await self._writer.change(_on(more, some))
            count += moved.count
            due += moved.due
        return Moved(count, due, part.moved.refused)

    async def create_deliveries(self, event: EventId, deliveries: Sequence[NewDelivery]) -> Moved:
        """New deliveries of an old event."""
        return await self._writer.change(lambda tx: again.create(tx, event, deliveries))

    async def set_pause(self, kind: str, name: str, who: str, *, paused: bool) -> None:
        """Pauses or resumes. A second pause keeps the first one's time and person."""

        def run(tx: Transaction) -> None:
            if paused:
                tx.connection.execute(
                    "INSERT INTO pauses (kind, name, since, who) VALUES (?, ?, ?, ?) "
                    "ON CONFLICT DO NOTHING",
                    (kind, name, tx.now, text(who)),
                )
            else:
                tx.connection.execute(
                    "DELETE FROM pauses WHERE kind = ? AND name = ?", (kind, name)
                )

        await self._writer.change(run)

    async def put(self, key: str, value: bytes | None) -> None:
        """Keeps a small value under a name; None removes it."""

        def run(tx: Transaction) -> None:
            if value is None:
                tx.connection.execute("DELETE FROM kv WHERE key = ?", (key,))
            else:
                tx.connection.execute(
                    "INSERT INTO kv (key, value) VALUES (?, ?) "
                    "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    (key, value),
                )

        await self._writer.change(run)

    async def audit(self, entry: AuditEntry) -> None:
        """Adds to the audit log."""

        def run(tx: Transaction) -> None:
            words = [text(w) for w in (entry.who, entry.action, entry.object, entry.detail)]
            inserts.AUDIT.run(tx.connection, [[tx.sequence.next(), entry.at, *words]])

        await self._writer.change(run)

    # ---- memory and upkeep

    def seen(self, digest: KeyDigest) -> EventId | None:
        """The event that memory knows under this key."""
        kept = self._recent.get(digest)
        return None if kept is None else kept.id

    def listen(self, listener: Listener) -> None:
        """Adds a listener to every later commit."""
        self._writer.listen(listener)

    async def prune(self, events_before: float, dedup_before: float, limit: int) -> int:
        """Deletes one small slice; returns how many rows went. 0: done."""

        def run(tx: Transaction) -> Pruned:
            return self._pruner.slice(tx, events_before, dedup_before, limit)

        while True:
            pruned = await self._writer.change(run)
            if pruned.rows or pruned.done:
                return pruned.rows

    @property
    def opened(self) -> bool:
        """Whether the database is open. If not yet, nothing can be read or written, `health` says
        why, and each write tries again."""
        return self._connection.opened

    @property
    def writable(self) -> bool:
        """Whether the last commit succeeded."""
        return self.opened and not self._writer.trouble.problem

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[aiosqlite.Connection]:
        if not self.opened:
            raise StoreUnavailable(
                f"cannot open the store {self.database}: {self._writer.trouble.problem}. Look at the "
                "disk's free space and health; the gateway tries again every few seconds."
            )
        async with super()._reading() as connection:
            yield connection

    async def probe(self) -> None:
        """Writes one page, durably."""
        await self._writer.change(note_highest)

    async def health(self) -> Health:
        """How the files and the writer are."""
        trouble = self._writer.trouble
        return files.health(
            self.database,
            queue=self._writer.queue,
            problem=trouble.problem,
            disk_refused=trouble.of_disk,
            reusable=await self._reusable(),
        )

    async def close(self) -> None:
        """Waits for the writer's last commit and gives the lock back. Twice is once."""
        lock, self._lock = self._lock, None
        if lock is None:
            return
        await super().close()  # before the writer, so that its last checkpoint finds no reader
        await self._writer.close()
        lock.release()


def _on(
    run: Callable[[Transaction, Sequence[int]], Moved], some: Sequence[int]
) -> Callable[[Transaction], Moved]:
    return lambda tx: run(tx, some)


async def open(
    path: Path,
    *,
    clock: Callable[[], float] = time.time,
    fault: Fault | None = None,
    recent_keys: int = RECENT_KEYS,
) -> SqliteStore:
    """Opens a database for the one process that writes; makes or migrates it first.

    clock: unix seconds. fault: for tests, see `writer.Fault`. recent_keys: bound of the memory.
    A database that the disk does not let be opened (full, over quota, broken) is given all the
    same: see `SqliteStore.opened`.
    Raises `StoreLocked` if another process has it, `StoreUnavailable` with what to do otherwise.
    """
    database = files.prepare(path)
    lock = files.Lock(database)
    connection = WriteConnection(database, clock)
    trouble = WELL
    try:
        await asyncio.to_thread(connection.get)
    except (sqlite3.Error, StoreUnavailable) as error:
        if not files.disk_refused(error):
            lock.release()
            if isinstance(error, StoreUnavailable):
                raise
            raise StoreUnavailable(f"cannot open the store {database}: {error}") from error
        trouble = Trouble(str(error), of_disk=True)
    except BaseException:
        lock.release()
        raise
    recent = RecentKeys(recent_keys)
    writer = Writer(database, connection, recent, clock=clock, trouble=trouble, fault=fault)
    return SqliteStore(database, connection, writer, recent, lock)
