"""One timer for all queues: for the earliest time any of them waits for."""

import asyncio
from collections.abc import Callable


class Alarm:
    """Rings once for each time it was set to, or earlier."""

    def __init__(self, clock: Callable[[], float], ring: Callable[[], None]) -> None:
        """clock: unix seconds."""
        self._clock = clock
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None
        self._at = float("inf")

    def set(self, at: float, looked: float) -> None:
        """Rings at that time, unless it does so earlier anyway, or the time was over when it was
        looked for.

        looked: when the queue was looked at. What became due since then needs the timer too: those
        of uvloop are up to a millisecond early.
        """
        if at <= looked or at >= self._at:
            return
        self.stop()
        self._at = at
        self._timer = asyncio.get_running_loop().call_later(
            max(0.0, at - self._clock()), self._rings
        )

    def stop(self) -> None:
        """Rings no more, until it is set again."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._at = None, float("inf")

    def _rings(self) -> None:
        self._timer, self._at = None, float("inf")
        self._ring()
