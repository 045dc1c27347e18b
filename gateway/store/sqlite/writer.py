"""The writer, as the event loop sees it: jobs go in, each with a future; a commit that carried them
settles them. Where commits are made say its two kinds, `thread_writer` and `process_writer`.

Jobs wait in a queue. All of them are taken right after the last commit, or at once when there is none
under way, so that batches grow by themselves under load.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from gateway.errors import StoreUnavailable
from gateway.model.records import Admission, Admitted, Committed, Result
from gateway.store.protocol import Listener
from gateway.store.sqlite.commits import Batch, Change, Done
from gateway.store.sqlite.connection import WELL, Trouble
from gateway.store.sqlite.transaction import Transaction

_T = TypeVar("_T")
_P = ParamSpec("_P")
_CLOSED: Final = "the store is closed"
_NOT_KEPT: Final = (
    "Nothing of this commit was kept; look at the disk's free space, mode and health."
)


Work = Admission | Sequence[Result] | Change
Job = tuple[Work, "asyncio.Future[Any]"]  # Any: each job's own result, typed by what made it
"""What a commit is to carry, and who waits for it."""


class Jobs:
    """Jobs of one commit, by kind."""

    __slots__ = ("accepts", "changes", "records")

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.accepts: list[tuple[Admission, asyncio.Future[Any]]] = []
        self.records: list[tuple[Sequence[Result], asyncio.Future[Any]]] = []
        self.changes: list[tuple[Change, asyncio.Future[Any]]] = []
        for work, future in jobs:
            if isinstance(work, Admission):
                self.accepts.append((work, future))
            elif isinstance(work, Change):
                self.changes.append((work, future))
            else:
                self.records.append((work, future))

    def add(self, more: "Jobs") -> None:
        """Takes those of another one, behind its own."""
        self.accepts += more.accepts
        self.records += more.records
        self.changes += more.changes

    def batch(self) -> Batch:
        """What they are to do."""
        return Batch(
            [admission for admission, _ in self.accepts],
            [result for results, _ in self.records for result in results],
            [change for change, _ in self.changes],
        )


class Writer(ABC):
    """See the module's text. All methods are for the event loop's thread."""

    def __init__(self, database: Path, trouble: Trouble) -> None:
        """trouble: why the database could not be opened yet; each commit tries again."""
        self._database = database
        self._trouble = trouble
        self._loop = asyncio.get_running_loop()
        self._listeners: list[Listener] = []
        self._closing = False

    # ---- jobs

    def listen(self, listener: Listener) -> None:
        """Adds a listener to every later commit."""
        self._listeners.append(listener)

    def accept(self, admission: Admission) -> "asyncio.Future[Sequence[Admitted]]":
        """Hands an admission to the next batch."""
        return self._append(admission)

    def record(self, results: Sequence[Result]) -> "asyncio.Future[None]":
        """Hands results to the next batch."""
        return self._append(results)

    def change(
        self, run: Callable[Concatenate[Transaction, _P], _T], *values: _P.args, **_: _P.kwargs
    ) -> "asyncio.Future[_T]":
        """Hands anything else to the next batch: a module's function and what it is given, by
        position. Its value is given back once it is durable."""
        return self._append(Change(run, values))

    def _append(self, work: Work) -> "asyncio.Future[Any]":
        future: asyncio.Future[Any] = self._loop.create_future()
        if self._closing:
            future.set_exception(StoreUnavailable(_CLOSED))
        else:
            self._put((work, future))
        return future

    @abstractmethod
    def _put(self, job: Job) -> None:
        """Lets a job wait for the next commit."""

    @property
    @abstractmethod
    def queue(self) -> int:
        """Jobs that wait."""

    @property
    @abstractmethod
    def opened(self) -> bool:
        """Whether the database was ever opened."""

    @property
    def trouble(self) -> Trouble:
        """Why the last batch failed; `WELL` if it did not."""
        return self._trouble

    @property
    def process(self) -> int | None:
        """The number of the process that commits; None: it is this one, or there is none now."""
        return None

    @abstractmethod
    async def close(self) -> None:
        """Writes what waits, empties the write-ahead log into the database, ends. Twice is once."""

    # ---- what became of them

    def _succeeded(self, jobs: Jobs, done: Done) -> None:
        """Tells the listeners of a commit, then who waits."""
        after_failure = bool(self._trouble.problem)
        self._trouble = WELL
        if done.mistake is not None:
            self._mistake(done.mistake)
        admissions = [admission for admission, _ in jobs.accepts]
        committed = Committed(
            done.seconds,
            tuple(zip(admissions, done.outcomes, strict=True)),
            done.due,
            done.changed,
            done.counts,
            after_failure,
        )
        for listener in self._listeners:
            try:
                listener(committed)
            except Exception as error:  # noqa: BLE001  the others, and who waits, must hear of it
                self._mistake(error)
        for (_, future), outcome in zip(jobs.accepts, done.outcomes, strict=True):
            if not future.done():
                future.set_result(outcome)
        for _, future in jobs.records:
            if not future.done():
                future.set_result(None)
        for (_, future), value in zip(jobs.changes, done.values, strict=True):
            if not future.done():
                future.set_result(value)

    def _failed(self, jobs: Jobs, trouble: Trouble, became: str = _NOT_KEPT) -> None:
        """Tells who waits of a commit that failed. became: what is known of it, and what to do."""
        self._trouble = trouble
        message = f"cannot write to the store {self._database}: {trouble.problem}. {became}"
        for _, future in (*jobs.accepts, *jobs.records, *jobs.changes):
            if not future.done():
                future.set_exception(StoreUnavailable(message))

    def _mistake(self, error: Exception) -> None:
        """Tells the loop's exception handler."""
        self._loop.call_exception_handler({"message": "after a commit", "exception": error})
