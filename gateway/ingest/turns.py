"""Work that costs much for the few bytes that ask for it: one piece in each turn of the event loop,
however many ask, so that everybody else has the rest of the turn.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

MOST: Final = 256
"""Who may wait: each holds what it has read, 256 KiB at most."""


class Turns:
    """Who waits, first come, first served."""

    __slots__ = ("_loop", "_waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[Callable[[], None]] = deque()

    def ask(self, work: Callable[[], None]) -> bool:
        """Whether it is done in one of the next turns; not, where too many wait."""
        if len(self._waiting) >= MOST:
            return False
        if not self._waiting:
            self._loop.call_soon(self._next)
        self._waiting.append(work)
        return True

    def _next(self) -> None:
        work = self._waiting.popleft()
        if self._waiting:
            self._loop.call_soon(self._next)
        work()
