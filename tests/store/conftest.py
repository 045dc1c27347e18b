"""The stores that the protocol's tests run against. A second kind of store is one more entry."""

import socket
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol

import pytest

from gateway.store import sqlite
from gateway.store.protocol import Store
from gateway.store.sqlite import files
from gateway.store.sqlite.commits import Fault
from gateway.store.sqlite.process_writer import ProcessWriter
from gateway.store.sqlite.serving import serve
from gateway.store.sqlite.store import SqliteStore
from tests.store.make import NOW


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Breaker:
    """Raises at a named point of the next commits."""

    def __init__(self) -> None:
        self.point = ""

    def __call__(self, point: str) -> None:
        if point == self.point:
            raise OSError(28, "No space left on device")


class Bench(Protocol):
    """One store on disk: opened, closed and broken as a test likes."""

    clock: Clock
    breaker: Breaker

    async def open(self) -> Store: ...


class SqliteBench:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "gateway.db"
        self.clock = Clock()
        self.breaker = Breaker()
        self._opened: list[Store] = []

    async def open(self) -> Store:
        """Closes the store of before, if there is one, and opens it anew."""
        await self.close()
        store = await sqlite.open(self.path, clock=self.clock, fault=self.breaker)
        self._opened.append(store)
        return store

    async def close(self) -> None:
        while self._opened:
            await self._opened.pop().close()


class Served(ProcessWriter):
    """One whose process is a thread of this one, with a clock and faults of the test's."""

    clock: Callable[[], float]
    fault: Fault

    def _spawn(self, theirs: socket.socket, known: str) -> Any:
        end = theirs.dup()
        highest = int(known) if known else None

        def run() -> None:
            with end:
                serve(end, self._database, highest, clock=self.clock, fault=self.fault)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return SimpleNamespace(pid=None, wait=lambda timeout=None: thread.join(timeout) or 0)


class ServedBench(SqliteBench):
    """The same store, with its writer at the other end of a socket."""

    async def open(self) -> Store:
        await self.close()
        kind = type("OfThisTest", (Served,), {"clock": self.clock, "fault": self.breaker})
        database = files.prepare(self.path)
        lock = files.Lock(database)
        store = SqliteStore(database, await kind.started(database, lock, ()), lock)
        self._opened.append(store)
        return store


@pytest.fixture(params=[SqliteBench, ServedBench], ids=["sqlite", "sqlite-process"])
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    made = request.param(tmp_path)
    yield made
    await made.close()


@pytest.fixture
async def store(bench: Bench) -> Store:
    return await bench.open()
