"""The disk guard: refuses new events before the disk is full, while results can still be kept."""

import asyncio
from collections.abc import Callable

from gateway.store.protocol import Store

EVERY = 2.0
"""Seconds. At 100 MB/s of bodies the default 512 MiB outlast two looks."""


class DiskGuard:
    """Knows whether there is room. `room` is read by every request and costs nothing."""

    def __init__(self, store: Store, min_free: Callable[[], int], report: Callable[[int], None]):
        """min_free: bytes that must stay free. report: told the free bytes at each look."""
        self._store = store
        self._min_free = min_free
        self._report = report
        self.room = True
        self.free = 0
        self.problem = ""
        """What keeps the store from committing; empty: nothing known."""

    async def look(self) -> None:
        """Looks once."""
        health = await self._store.health()
        self.free, self.problem = health.free_bytes, health.problem
        self.room = self.free >= self._min_free()
        self._report(self.free)

    async def watch(self) -> None:
        """Looks every two seconds, until canceled."""
        while True:
            await self.look()
            await asyncio.sleep(EVERY)
