"""How much of the bodies that attempts hold is each target's: a hanging one takes nobody's share.

The numbers of what waits are `queue`'s, and the bodies of fresh deliveries that wait the
dispatcher's.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from gateway.model.records import Work

ATTEMPT_BYTES: Final = 256 * 1024 * 1024
"""Of bodies that attempts under way, and those that are next, hold, all targets together. A target
gets more of them while it holds less than its even share, so it may hold one body more than that."""

READ: Final = 8 * 1024 * 1024
"""Of bodies that are read at once."""


class AttemptMemory:
    """Counts the bodies of attempts that are under way or have the next slots."""

    def __init__(self, targets: Callable[[], int], limit: int = ATTEMPT_BYTES) -> None:
        """targets: how many there are. limit: bytes."""
        self._targets = targets
        self._limit = limit
        self._held: defaultdict[str, int] = defaultdict(int)
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._freed: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def room(self, target: str) -> int:
        """Bytes that a target's next attempts may take."""
        return self._limit // max(1, self._targets()) - self._held[target]

    def begun(self, work: Work) -> None:
        """An attempt will hold its body from now on."""
        self._held[work.delivery.target] += len(work.body)

    def ended(self, work: Work) -> None:
        """An attempt holds its body no more."""
        self._held[work.delivery.target] -= len(work.body)
        self._freed[work.delivery.target].set()

    @asynccontextmanager
    async def turn(self, target: str) -> AsyncIterator[int]:
        """One at a time reads a target's bodies; waits until there is room, and gives it. Nobody else
        gets that meanwhile."""
        async with self._turns[target]:
            while self.room(target) <= 0:
                self._freed[target].clear()
                await self._freed[target].wait()
            room = min(self.room(target), READ)
            self._held[target] += room
            try:
                yield room
            finally:
                self._held[target] -= room
