"""The time that a stop may take: one, shared by all that is waited for."""

import time
from collections.abc import Callable


class Drain:
    """Begins when it is first asked."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """clock: seconds of any origin."""
        self._seconds = seconds
        self._clock = clock
        self._over_at: float | None = None

    def left(self) -> float:
        """Seconds that are left of it; never below 0."""
        now = self._clock()
        if self._over_at is None:
            self._over_at = now + self._seconds
        return max(0.0, self._over_at - now)
