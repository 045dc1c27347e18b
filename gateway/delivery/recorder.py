"""Keeps the results of attempts until the store has them. Many ride in one commit.

While results cannot be recorded (a full disk) none is dropped and `healthy` is false: the
dispatcher makes no new attempts then, for it could not say afterwards what came of them.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from gateway.errors import StoreUnavailable
from gateway.model.records import Result
from gateway.store.protocol import Store

AGAIN: Final = 1.0
"""Seconds until a failed recording is tried again."""
Waiting = list[tuple[str, Result]]
"""Each result with its target."""
MOST: Final = 2000
"""Results that may wait; past that no new attempts begin."""


class Recorder:
    """Writes results in the order they came."""

    def __init__(
        self, store: Store, recorded: Callable[[Waiting], None], recovered: Callable[[], None]
    ) -> None:
        """recorded: hears of what is durable. recovered: recording works, or has room, again."""
        self._store = store
        self._recorded = recorded
        self._recovered = recovered
        self._waiting: Waiting = []
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._failed = False
        self._task = asyncio.create_task(self._run())

    @property
    def healthy(self) -> bool:
        """Whether new attempts may be made."""
        return not self._failed and len(self._waiting) < MOST

    def add(self, target: str, result: Result) -> None:
        """Takes a result of a target's delivery."""
        self._waiting.append((target, result))
        self._idle.clear()
        self._wake.set()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                batch, self._waiting = self._waiting, []
                was_unhealthy = self._failed or len(batch) >= MOST
                try:
                    await self._store.record([result for _, result in batch])
                except StoreUnavailable:
                    self._waiting = batch + self._waiting
                    self._failed = True
                    await asyncio.sleep(AGAIN)
                else:
                    self._failed = False
                    self._recorded(batch)
                    if was_unhealthy:
                        self._recovered()
            self._idle.set()

    async def close(self, deadline: float) -> None:
        """Waits until all is recorded, for so many seconds at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(deadline):
                await self._idle.wait()
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
