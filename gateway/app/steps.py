"""What has to be done once the store can be used: in order, each step once, again where it failed."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

Step = Callable[[], Awaitable[None]]


class Steps:
    """A list that is worked off."""

    def __init__(self, *steps: Step) -> None:
        self._left = deque(steps)
        self._more = asyncio.Event()

    def add(self, step: Step) -> None:
        """Appends a step."""
        self._left.append(step)
        self._more.set()

    async def work_off(self) -> None:
        """Does all that is left. Raises what a step raises; that step is the next one then."""
        while self._left:
            await self._left[0]()
            self._left.popleft()

    async def watch(self) -> None:
        """Does what is left and what comes, until canceled. Raises like `work_off`."""
        while True:
            await self.work_off()
            self._more.clear()
            await self._more.wait()
