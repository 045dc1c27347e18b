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
LEAST: Final = 8
"""Results a commit where the disk takes no more."""


class Recorder:
    """Writes results in the order they came."""

    def __init__(
        self,
        store: Store,
        recorded: Callable[[Waiting], None],
        recovered: Callable[[], None],
        report: Callable[[BaseException], None],
    ) -> None:
        """recorded: hears of what is durable. recovered: recording works, or has room, again.
        report: hears of an exception nobody expected."""
        self._report = report
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
        limit = MOST
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                was_unhealthy = not self.healthy
                batch, self._waiting = self._waiting[:limit], self._waiting[limit:]
                if await self._recording(batch):
                    limit = min(2 * limit, MOST)
                    self._tell(batch, recovered=was_unhealthy)
                else:
                    # A full disk takes a small commit where it does not take a large one.
                    limit = max(LEAST, len(batch) // 4)
                    await asyncio.sleep(AGAIN)
            self._idle.set()

    async def _recording(self, batch: Waiting) -> bool:
        try:
            await self._store.record([result for _, result in batch])
        except Exception as error:  # noqa: BLE001  # whatever it is, no result is dropped for it
            if not isinstance(error, StoreUnavailable):
                self._report(error)
            self._waiting = batch + self._waiting
            self._failed = True
            return False
        self._failed = False
        return True

    def _tell(self, batch: Waiting, *, recovered: bool) -> None:
        try:
            self._recorded(batch)
            if recovered:
                self._recovered()
        except Exception as error:  # noqa: BLE001  # a mistake of theirs must not end all recording
            self._report(error)

    async def close(self, deadline: float) -> None:
        """Waits until all is recorded, for so many seconds at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(deadline):
                await self._idle.wait()
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
