"""The SQLite store: writes go to the one writer, reads to the read-only pool."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiosqlite

from gateway.errors import StoreLocked, StoreUnavailable
from gateway.model.ids import EventId, Seq
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
from gateway.store.sqlite import again, files, leases, moves, notes
from gateway.store.sqlite.commits import Committer, Fault
from gateway.store.sqlite.connection import WriteConnection
from gateway.store.sqlite.process_writer import ProcessWriter
from gateway.store.sqlite.pruning import prune
from gateway.store.sqlite.reader import SqliteReader
from gateway.store.sqlite.thread_writer import ThreadWriter
from gateway.store.sqlite.transaction import note_highest
from gateway.store.sqlite.writer import Writer

_ORPHAN: Final = 10.0
"""Seconds for the last commit of a gateway that was killed."""


class SqliteStore(SqliteReader):
    """`gateway.store.protocol.Store` on one SQLite file."""

    def __init__(self, database: Path, writer: Writer, lock: files.Lock) -> None:
        super().__init__(database)
        self._writer = writer
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
        await self._writer.change(leases.begin, delivery)

    async def lease(self, deliveries: Sequence[Seq]) -> Sequence[Seq]:
        """Takes pending deliveries; returns those that were still pending."""
        return await self._writer.change(leases.lease, deliveries)

    async def move(
        self, selection: Selection, verb: Verb, reason: Reason, detail: str = ""
    ) -> Moved:
        """Applies a verb. Over 2,000 deliveries not named by id are moved in several commits."""
        part = await self._writer.change(moves.move, selection, verb, reason, detail)
        return await self._the_rest(part, moves.move_numbered, verb, reason, detail)

    async def release_paused(self) -> Moved:
        """Releases what nothing pauses any more; over 2,000 in several commits."""
        part = await self._writer.change(moves.release_paused)
        return await self._the_rest(part, moves.release_numbered)

    async def _the_rest(
        self, part: moves.Slice, more: Callable[..., Moved], *values: object
    ) -> Moved:
        """more: is given deliveries and the values."""
        count = part.moved.count
        due = list(part.moved.due)
        for start in range(0, len(part.rest), moves.SLICE):
            some = part.rest[start : start + moves.SLICE]
            moved = await self._writer.change(more, some, *values)
            count += moved.count
            due += moved.due
        return Moved(count, due, part.moved.refused)

    async def create_deliveries(self, event: EventId, deliveries: Sequence[NewDelivery]) -> Moved:
        """New deliveries of an old event."""
        return await self._writer.change(again.create, event, deliveries)

    async def set_pause(self, kind: str, name: str, who: str, *, paused: bool) -> None:
        """Pauses or resumes. A second pause keeps the first one's time and person."""
        await self._writer.change(notes.set_pause, kind, name, who, paused)

    async def put(self, key: str, value: bytes | None) -> None:
        """Keeps a small value under a name; None removes it."""
        await self._writer.change(notes.put, key, value)

    async def audit(self, entry: AuditEntry) -> None:
        """Adds to the audit log."""
        await self._writer.change(notes.audit, entry)

    # ---- upkeep

    def listen(self, listener: Listener) -> None:
        """Adds a listener to every later commit."""
        self._writer.listen(listener)

    async def prune(self, events_before: float, dedup_before: float, limit: int) -> int:
        """Deletes one small slice; returns how many rows went. 0: done."""

        while True:
            pruned = await self._writer.change(prune, events_before, dedup_before, limit)
            if pruned.rows or pruned.done:
                return pruned.rows

    @property
    def opened(self) -> bool:
        """Whether the database is open. If not yet, nothing can be read or written, `health` says
        why, and each write tries again."""
        return self._writer.opened

    @property
    def writer_process(self) -> int | None:
        """The number of the process that writes; None: a thread of this one does."""
        return self._writer.process

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


async def open(
    path: Path,
    *,
    process: Sequence[str] = (),
    clock: Callable[[], float] = time.time,
    fault: Fault | None = None,
) -> SqliteStore:
    """Opens a database for the one gateway that writes; makes or migrates it first.

    process: the command of a process that is to write, see `process_writer`; without one a thread
    does. For a thread alone: clock, in unix seconds; fault, for tests, see `commits.Fault`.
    A database that the disk does not let be opened (full, over quota, broken) is given all the
    same: see `SqliteStore.opened`.
    Raises `StoreLocked` if another process has it, `StoreUnavailable` with what to do otherwise.
    """
    database = files.prepare(path)
    lock = await _lock(database)
    try:
        if process:
            writer: Writer = await ProcessWriter.started(database, lock, process)
        else:
            connection = WriteConnection(database, clock)
            trouble = await asyncio.to_thread(connection.try_to_open)
            if trouble.problem and not trouble.of_disk:
                raise StoreUnavailable(trouble.problem)
            committer = Committer(connection, clock=clock, fault=fault)
            writer = ThreadWriter(database, committer, trouble)
    except BaseException:
        lock.release()
        raise
    return SqliteStore(database, writer, lock)


async def _lock(database: Path) -> files.Lock:
    """The lock. Where its holder is dead, the process that wrote for it may still be ending."""
    until = time.monotonic() + _ORPHAN
    while True:
        try:
            return files.Lock(database)
        except StoreLocked as locked:
            if files.lives(locked.holder):
                raise
            if time.monotonic() > until:
                raise StoreLocked(
                    f"{database} was in use by process {locked.holder}, which is gone, but not the one "
                    "that wrote for it: `pgrep -f gateway.app.writer` has its number. End it first.",
                    locked.holder,
                ) from None
        await asyncio.sleep(0.01)
