"""The writer: one thread, the only write connection, and the batches it pulls.

Jobs wait in a queue. The thread takes all of them right after its last commit, or at once when it is
idle, so that batches grow by themselves under load. A batch is one transaction: it
commits as a whole, or fails as a whole and leaves nothing. What a job does is not decided here.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final, TypeVar

from gateway.errors import StoreUnavailable
from gateway.model.record import record
from gateway.model.records import Admission, Admitted, Committed, Result
from gateway.store.protocol import Listener
from gateway.store.sqlite import files, leases
from gateway.store.sqlite.accept import AcceptBatch
from gateway.store.sqlite.connection import WELL, Trouble, WriteConnection
from gateway.store.sqlite.packing import Packer
from gateway.store.sqlite.recent import RecentKeys
from gateway.store.sqlite.transaction import Transaction

Fault = Callable[[str], None]
"""Called at `BEFORE_BEGIN` … by tests that break things there."""
BEFORE_BEGIN: Final = "before_begin"
BEFORE_COMMIT: Final = "before_commit"
AFTER_COMMIT: Final = "after_commit"

_T = TypeVar("_T")
_CLOSED: Final = "the store is closed"


@record
class _Accept:
    admission: Admission
    future: "asyncio.Future[Sequence[Admitted]]"


@record
class _Record:
    results: Sequence[Result]
    future: "asyncio.Future[None]"


@record
class _Change:
    run: Callable[[Transaction], Any]  # Any: each job's own result, typed again by `change`
    future: "asyncio.Future[Any]"


_Job = _Accept | _Record | _Change


class Writer:
    """See the module's text. All public methods are for the event loop's thread."""

    def __init__(
        self,
        database: Path,
        connection: WriteConnection,
        recent: RecentKeys,
        *,
        clock: Callable[[], float],
        trouble: Trouble = WELL,
        fault: Fault | None = None,
    ) -> None:
        """trouble: why the connection could not be opened yet; each batch tries again."""
        self._database = database
        self._connection = connection
        self._recent = recent
        self._clock = clock
        self._fault = fault or _no_fault
        self._loop = asyncio.get_running_loop()
        self._listeners: list[Listener] = []
        self._waiting: SimpleQueue[_Job | None] = SimpleQueue()
        """None: no other will come."""
        self._closing = False
        self._trouble = trouble
        self._packer = Packer()
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
        if self._closing:
            job.future.set_exception(StoreUnavailable(_CLOSED))
        else:
            self._waiting.put(job)

    @property
    def queue(self) -> int:
        """Jobs that wait."""
        return self._waiting.qsize()

    @property
    def trouble(self) -> Trouble:
        """Why the last batch failed; `WELL` if it did not."""
        return self._trouble

    async def close(self) -> None:
        """Writes what waits, empties the write-ahead log into the database, ends the thread."""
        if not self._closing:
            self._closing = True
            self._waiting.put(None)
        await asyncio.to_thread(self._thread.join)

    # ---- the writer thread's side

    def _work(self) -> None:
        while jobs := self._pull():
            self._batch(jobs)
            jobs = []  # a commit's bodies do not wait here with the thread for the next one's
        self._connection.close()

    def _pull(self) -> list[_Job]:
        """All that wait; none: the end."""
        jobs: list[_Job] = []
        job = self._waiting.get()
        while job is not None:
            jobs.append(job)
            # Only this thread takes, so none of them is waited for.
            if not self._waiting.qsize():
                return jobs
            job = self._waiting.get()
        if jobs:
            self._waiting.put(None)
        return jobs

    def _batch(self, jobs: Sequence[_Job]) -> None:
        accepts = [job for job in jobs if isinstance(job, _Accept)]
        records = [job for job in jobs if isinstance(job, _Record)]
        rest = [job for job in jobs if isinstance(job, _Change)]
        admissions = [job.admission for job in accepts]
        try:
            link = self._connection
            connection = link.get()
            batch = AcceptBatch(admissions, self._recent, link.bodies, link.sequence, self._packer)
            batch.prepare()
            self._fault(BEFORE_BEGIN)
            started = time.perf_counter()
            tx = Transaction(connection, link.sequence, self._clock())
            connection.execute("BEGIN IMMEDIATE")
            if link.strays is not None:
                leases.adopt(tx, link.strays)
            outcomes = batch.apply(tx)
            if records:
                leases.record(tx, [result for job in records for result in job.results])
            values = [job.run(tx) for job in rest]
            self._fault(BEFORE_COMMIT)
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001  nobody of the batch may believe in success
            self._fail(jobs, error)
            return
        seconds = time.perf_counter() - started
        link.committed()
        self._trouble = WELL
        self._remember(tx)
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

    def _remember(self, tx: Transaction) -> None:
        """What memory learns of a commit. A mistake here is ours: it is heard of, but the batch is
        durable and every sender must be told so; the database knows better than memory anyway."""
        try:
            self._fault(AFTER_COMMIT)
            for remember in tx.after_commit:
                remember()
        except Exception as error:  # noqa: BLE001
            self._announce(partial(self._mistake, error))

    def _fail(self, jobs: Sequence[_Job], error: Exception) -> None:
        """Rolls back, with a new connection for the next batch."""
        problem = f"{error}" or type(error).__name__
        self._trouble = Trouble(problem, files.disk_refused(error))
        self._connection.drop()
        message = (
            f"cannot write to the store {self._database}: {problem}. "
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
            try:
                listener(committed)
            except Exception as error:  # noqa: BLE001  the others, and who waits, must hear of it
                self._mistake(error)
        for future, value in done:
            if not future.done():
                future.set_result(value)

    def _mistake(self, error: Exception) -> None:
        """Tells the loop's exception handler."""
        self._loop.call_exception_handler({"message": "after a commit", "exception": error})


def _no_fault(_point: str) -> None:
    """Breaks nothing."""


def _failed(futures: Sequence["asyncio.Future[Any]"], message: str) -> None:
    for future in futures:
        if not future.done():
            future.set_exception(StoreUnavailable(message))
