"""The writer as a process of its own: Python runs one thread at a time in a process, so that a gateway
with two CPUs judges and writes at once only this way.

Jobs go over a socket, all those of a turn of the loop in one frame; an answer says what became of the
frames that one commit took. If the process ends, nobody knows what became of what it had: who waits
hears of a failure, as with every failed commit, and the next job starts another process, which knows
how far the last commit came that was told of (`WriteConnection.strays`).

The lock on the database is held by both: it is free only when both are gone.
"""

import asyncio
import socket
import subprocess
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gateway.errors import StoreUnavailable
from gateway.model.records import Admission
from gateway.store.sqlite import files, wire
from gateway.store.sqlite.commits import Done
from gateway.store.sqlite.connection import WELL, Trouble
from gateway.store.sqlite.link import Link, how_it_ended
from gateway.store.sqlite.writer import Job, Jobs, Writer

WINDOW: Final = 4 * 1024 * 1024
"""Bytes under way to the process; what is more waits as it is, and is not held twice."""
_UNKNOWN: Final = "Whether this commit was kept is not known: look, or do it again."
_REST: Final = 1.0
"""Seconds from one start to the next: one that dies at once must not keep a CPU busy."""
_BUFFER: Final = 1024 * 1024
"""Bytes that the kernel is asked to take without a wait; mostly it allows less."""


class ProcessWriter(Writer):
    """See the module's text."""

    def __init__(self, database: Path, lock: files.Lock, command: Sequence[str]) -> None:
        """lock: held for the database. command: runs `serving.serve`; it gets three more words, the
        number of its end of the socket, the database, and what is `known` (empty: nothing)."""
        super().__init__(database, WELL)
        self._command = command
        self._lock = lock
        self._opened = False
        self._known: int | None = None
        self._waiting: list[Job] = []
        self._under_way: deque[tuple[Jobs, int]] = deque()
        """The jobs of each frame and its bytes, oldest first."""
        self._bytes = 0
        self._flushing = False
        self._settled = asyncio.Event()
        """No job waits or is under way."""
        self._settled.set()
        self._process: subprocess.Popen[bytes] | None = None
        self._link: Link | None = None
        self._starting: asyncio.Task[None] | None = None
        self._started_at = -_REST

    @classmethod
    async def started(
        cls, database: Path, lock: files.Lock, command: Sequence[str]
    ) -> "ProcessWriter":
        """One with its process. Raises `StoreUnavailable` where the database cannot be opened,
        unless it is the disk that does not let it."""
        writer = cls(database, lock, command)
        await writer._start()
        trouble = writer.trouble
        if trouble.problem and not trouble.of_disk:
            await writer.close()
            raise StoreUnavailable(trouble.problem)
        return writer

    @property
    def process(self) -> int | None:
        return None if self._process is None else self._process.pid

    @property
    def queue(self) -> int:
        return len(self._waiting) + len(self._under_way)

    @property
    def opened(self) -> bool:
        return self._opened

    async def close(self) -> None:
        self._closing = True
        await self._settled.wait()
        if self._link is not None:
            self._link.close()
        if self._process is not None:
            await asyncio.to_thread(self._process.wait)
            self._process = None

    # ---- jobs

    def _put(self, job: Job) -> None:
        self._waiting.append(job)
        if not self._flushing:
            self._flushing = True
            self._settled.clear()
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        """Sends what waits, once a turn of the loop, as long as there is room on the way."""
        self._flushing = False
        if self._link is None and self._waiting and self._starting is None:
            self._starting = self._loop.create_task(self._start_again())
        while self._waiting and self._link is not None and self._bytes < WINDOW:
            self._send(Jobs(self._take()), self._link)
        if not self._waiting and not self._under_way:
            self._settled.set()

    def _send(self, jobs: Jobs, link: Link) -> None:
        try:
            content = wire.encode(jobs.batch())
        except Exception as error:  # noqa: BLE001  whatever it is, who waits must hear of it
            self._mistake(error)
            self._failed(jobs, Trouble(f"it cannot be told to the process that writes: {error}"))
            return
        size = sum(map(len, content))
        self._under_way.append((jobs, size))
        self._bytes += size
        link.send(content)

    def _take(self) -> list[Job]:
        """Those of the waiting that go in the next frame: as many as fill the window, one at least."""
        room = WINDOW - self._bytes
        count = 0
        while room > 0 and count < len(self._waiting):
            work, _ = self._waiting[count]
            room -= len(work.body) if isinstance(work, Admission) else 0
            count += 1
        some, self._waiting = self._waiting[:count], self._waiting[count:]
        return some

    def came(self, answer: wire.Answer) -> None:
        """What became of the oldest frames."""
        jobs, size = self._under_way.popleft()
        for _ in range(answer.frames - 1):
            more, also = self._under_way.popleft()
            jobs.add(more)
            size += also
        self._bytes -= size
        if isinstance(answer.became, Done):
            self._opened = True
            self._known = answer.became.last
            wire.take_over([admission for admission, _ in jobs.accepts], answer.stored)
            self._succeeded(jobs, answer.became)
        else:
            self._failed(jobs, answer.became)
        self._flush()

    # ---- the process

    async def _start(self) -> None:
        """Afterwards there is a link, or `trouble` says why not."""
        self._started_at = self._loop.time()
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        known = "" if self._known is None else str(self._known)
        with theirs:
            try:
                self._process = await asyncio.to_thread(self._spawn, theirs, known)
            except OSError as error:
                ours.close()
                self._trouble = Trouble(f"cannot start the process that writes to it: {error}")
                return
        link = Link(self)
        await self._loop.create_unix_connection(lambda: link, sock=ours)
        await link.said

    def met(self, link: Link, hello: wire.Hello) -> None:
        """The process has said what it begins with."""
        self._link = link
        if hello.trouble.problem:  # else what was before is over with the next commit
            self._trouble = hello.trouble
        if hello.opened:
            self._opened = True
            # What is in the file beyond that was told to nobody, and the next process must know.
            if self._known is None:
                self._known = hello.known

    def _spawn(self, theirs: socket.socket, known: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(  # noqa: S603  # our own
            [*self._command, str(theirs.fileno()), str(self._database), known],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(), self._lock.fileno()),
        )

    async def _start_again(self) -> None:
        """What waits fails where there is no process still."""
        try:
            await asyncio.sleep(self._started_at + _REST - self._loop.time())
            await self._start()
        finally:
            self._starting = None
            if self._link is None:
                some, self._waiting = self._waiting, []
                self._failed(Jobs(some), self._trouble)
            self._flush()

    def lost(self) -> None:
        """The process is gone, or is going."""
        self._link = None
        if self._closing and not self._under_way:
            return
        process, self._process = self._process, None
        trouble = self._trouble = Trouble(
            f"the process that writes to it ended {how_it_ended(process)}"
        )
        self._loop.call_exception_handler({"message": f"{self._database}: {trouble.problem}"})
        jobs = Jobs(())
        while self._under_way:
            jobs.add(self._under_way.popleft()[0])
        self._bytes = 0
        self._failed(jobs, trouble, _UNKNOWN)
        self._flush()
