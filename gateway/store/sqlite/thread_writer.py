"""The writer as a thread of this process: for commands, and for a gateway with one CPU."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

from gateway.store.sqlite.commits import Committer, Done
from gateway.store.sqlite.connection import Trouble
from gateway.store.sqlite.writer import Job, Jobs, Writer


class ThreadWriter(Writer):
    """See the module's text."""

    def __init__(self, database: Path, committer: Committer, trouble: Trouble) -> None:
        super().__init__(database, trouble)
        self._committer = committer
        self._waiting: SimpleQueue[Job | None] = SimpleQueue()
        """None: no other will come."""
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
        self._thread.start()

    def _put(self, job: Job) -> None:
        self._waiting.put(job)

    @property
    def queue(self) -> int:
        return self._waiting.qsize()

    @property
    def opened(self) -> bool:
        return self._committer.opened

    async def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._waiting.put(None)
        await asyncio.to_thread(self._thread.join)

    # ---- the thread's side

    def _work(self) -> None:
        while jobs := self._pull():
            self._batch(Jobs(jobs))
            jobs = []  # a commit's bodies do not wait here with the thread for the next one's
        self._committer.close()

    def _pull(self) -> list[Job]:
        """All that wait; none: the end."""
        jobs: list[Job] = []
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

    def _batch(self, jobs: Jobs) -> None:
        became = self._committer.commit(jobs.batch())
        if isinstance(became, Done):
            self._announce(lambda: self._succeeded(jobs, became))
        else:
            self._announce(lambda: self._failed(jobs, became))

    def _announce(self, call: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:
            return  # The loop is closed: nobody is left to hear of it.
