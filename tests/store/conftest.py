"""The stores that the protocol's tests run against. A second kind of store is one more entry."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import pytest

from gateway.store import sqlite
from gateway.store.protocol import Store
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


@pytest.fixture(params=[SqliteBench], ids=["sqlite"])
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    made = request.param(tmp_path)
    yield made
    await made.close()


@pytest.fixture
async def store(bench: Bench) -> Store:
    return await bench.open()
