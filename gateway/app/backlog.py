"""What waits, as the metrics show it: counted once, then followed commit by commit; the oldest of
each target read every few seconds, so that a scrape asks the store nothing.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from gateway.observe.metrics import Metrics
from gateway.store.protocol import Store

EVERY: Final = 5.0


class Backlog:
    """Reads the store's backlog for the metrics."""

    def __init__(self, store: Store, metrics: Metrics, clock: Callable[[], float]) -> None:
        """clock: unix seconds."""
        self._store = store
        self._metrics = metrics
        self._since: dict[str, float] = {}
        metrics.oldest_pending = lambda: {
            target: max(0.0, clock() - at) for target, at in self._since.items()
        }

    async def count(self) -> None:
        """Adds what the store has; once, before any of it changes."""
        for waits in await self._store.backlog():
            self._metrics.changed(
                {(waits.target, state): count for state, count in waits.counts.items()}
            )

    async def watch(self) -> None:
        """Reads the oldest of each target until canceled."""
        while True:
            self._since = {
                waits.target: waits.oldest_pending_at
                for waits in await self._store.backlog()
                if waits.oldest_pending_at is not None
            }
            await asyncio.sleep(EVERY)
