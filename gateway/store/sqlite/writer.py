"""The writer: one thread, the only write connection, and the batches it pulls.

Jobs wait in a list under a lock. The thread takes all of them right after its last commit, or at
once when it is idle, so that batches grow by themselves under load. A batch is one transaction: it
commits as a whole, or fails as a whole and leaves nothing. What a job does is not decided here.
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from gateway.errors import StoreUnavailable
from gateway.model.records import Admission, Admitted, Committed, Result
from gateway.store.protocol import Listener
from gateway.store.sqlite import files, leases
from gateway.store.sqlite.accept import AcceptBatch
from gateway.store.sqlite.packs import Compressor
from gateway.store.sqlite.recent import RecentKeys
from gateway.store.sqlite.transaction import Rising, Transaction

Fault = Callable[[str], None]
"""Called at `BEFORE_BEGIN` … by tests that break things there."""
BEFORE_BEGIN: Final = "before_begin"
BEFORE_COMMIT: Final = "before_commit"
AFTER_COMMIT: Final = "after_commit"

_T = TypeVar("_T")
_CLOSED: Final = "the store is closed"


@dataclass(frozen=True, slots=True)
class _Accept:
    admission: Admission
    future: "asyncio.Future[Sequence[Admitted]]"


@dataclass(frozen=True, slots=True)
class _Record:
    results: Sequence[Result]
    future: "asyncio.Future[None]"


@dataclass(frozen=True, slots=True)
class _Change:
    run: Callable[[Transaction], Any]  # Any: each job's own result, typed again by `change`
    future: "asyncio.Future[Any]"


_Job = _Accept | _Record | _Change


class Writer:
    """See the module's text. All public methods are for the event loop's thread."""

    def __init__(
        self,
        database: Path,
        connection: sqlite3.Connection,
        sequence: Rising,
        recent: RecentKeys,
        *,
        clock: Callable[[], float],
        fault: Fault | None = None,
    ) -> None:
        self._database = database
        self._connection: sqlite3.Connection | None = connection
        self._sequence = sequence
        self._recent = recent
        self._clock = clock
        self._fault = fault or _no_fault
        self._loop = asyncio.get_running_loop()
        self._listeners: list[Listener] = []
        self._lock = threading.Condition()
        self._waiting: list[_Job] = []
        self._closing = False
        self._problem = ""
        self._zstd = Compressor()
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
        self._thread.start()

    # ---- the event loop's side

    def listen(self, listener: Listener) -> None:
        """Adds a listener to every later commit."""
        self._listeners.append(listener)

    def accept(self, admission: Admission) -> "asyncio.Future[Sequence[Admitted]]":
        """Hands an admission to the next batch."""
        future: asyncio.Future[Sequence[Admitted]] = self._loop.create_future()
        self._append(_Accept(admission, future))
        return future

    def record(self, results: Sequence[Result]) -> "asyncio.Future[None]":
        """Hands results to the next batch."""
        future: asyncio.Future[None] = self._loop.create_future()
        self._append(_Record(results, future))
        return future

    def change(self, run: Callable[[Transaction], _T]) -> "asyncio.Future[_T]":
        """Hands anything else to the next batch; its value is given back once it is durable."""
        future: asyncio.Future[_T] = self._loop.create_future()
        self._append(_Change(run, future))
        return future

    def _append(self, job: _Job) -> None:
        with self._lock:
            if not self._closing:
                self._waiting.append(job)
                self._lock.notify()
                return
        job.future.set_exception(StoreUnavailable(_CLOSED))

    @property
    def queue(self) -> int:
        """Jobs that wait."""
        return len(self._waiting)

    @property
    def problem(self) -> str:
        """Why the last batch failed; empty if it did not."""
        return self._problem

    async def close(self) -> None:
        """Writes what waits, empties the write-ahead log into the database, ends the thread."""
        with self._lock:
            self._closing = True
            self._lock.notify()
        await asyncio.to_thread(self._thread.join)

    # ---- the writer thread's side

    def _work(self) -> None:
        while jobs := self._pull():
            self._batch(jobs)
        if self._connection is not None:
            try:
                # A long read elsewhere must not hold up the end; its log is read at the next open.
                self._connection.execute("PRAGMA busy_timeout = 500")
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                self._connection.close()
            except sqlite3.Error:
                self._connection = None  # The log stays and is read at the next open.

    def _pull(self) -> list[_Job]:
        with self._lock:
            while not self._waiting and not self._closing:
                self._lock.wait()
            jobs, self._waiting = self._waiting, []
        return jobs

    def _batch(self, jobs: Sequence[_Job]) -> None:
        accepts = [job for job in jobs if isinstance(job, _Accept)]
        records = [job for job in jobs if isinstance(job, _Record)]
        rest = [job for job in jobs if isinstance(job, _Change)]
        admissions = [job.admission for job in accepts]
        try:
            batch = AcceptBatch(admissions, self._recent, self._sequence, self._zstd)
            batch.prepare()
            self._fault(BEFORE_BEGIN)
            if self._connection is None:
                self._connection = files.connect(self._database)
            started = time.perf_counter()
            tx = Transaction(self._connection, self._sequence, self._clock())
            self._connection.execute("BEGIN IMMEDIATE")
            outcomes = batch.apply(tx)
            if records:
                leases.record(tx, [result for job in records for result in job.results])
            values = [job.run(tx) for job in rest]
            self._fault(BEFORE_COMMIT)
            self._connection.execute("COMMIT")
            seconds = time.perf_counter() - started
            self._fault(AFTER_COMMIT)
            for remember in tx.after_commit:
                remember()
        except Exception as error:  # noqa: BLE001  nobody of the batch may believe in success
            self._fail(jobs, error)
            return
        self._problem = ""
        done: list[tuple[asyncio.Future[Any], Any]] = [
            *zip((job.future for job in accepts), outcomes, strict=True),
            *((job.future, None) for job in records),
            *zip((job.future for job in rest), values, strict=True),
        ]
        committed = Committed(
            seconds,
            tuple(zip(admissions, outcomes, strict=True)),
            tx.due,
            tuple(tx.changed),
            {key: count for key, count in tx.counts.items() if count},
        )
        self._announce(lambda: self._succeeded(done, committed))

    def _fail(self, jobs: Sequence[_Job], error: Exception) -> None:
        """Rolls back. The connection is made anew: after a failed sync its view of the log is not
        to be trusted, and a new one costs a millisecond."""
        self._problem = f"{error}" or type(error).__name__
        connection, self._connection = self._connection, None
        if connection is not None:
            for step in (connection.rollback, connection.close):
                try:
                    step()
                except sqlite3.Error:
                    continue  # Closing rolls back as well, and what is broken stays uncommitted.
        message = (
            f"cannot write to the store {self._database}: {self._problem}. "
            "Nothing of this commit was kept; look at the disk's free space, mode and health."
        )
        futures = [job.future for job in jobs]
        self._announce(lambda: _failed(futures, message))

    def _announce(self, call: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:
            return  # The loop is closed: nobody is left to hear of it.

    # ---- back on the event loop

    def _succeeded(
        self, done: Sequence[tuple["asyncio.Future[Any]", Any]], committed: Committed
    ) -> None:
        for listener in self._listeners:
            listener(committed)
        for future, value in done:
            if not future.done():
                future.set_result(value)


def _no_fault(_point: str) -> None:
    """Breaks nothing."""


def _failed(futures: Sequence["asyncio.Future[Any]"], message: str) -> None:
    for future in futures:
        if not future.done():
            future.set_exception(StoreUnavailable(message))
