"""Deletes what is older than its keep, a small slice at a time, so that accepting is not slowed."""

import asyncio
import contextlib
from collections.abc import Callable

from gateway.errors import StoreUnavailable
from gateway.plan.plan import StoreSettings
from gateway.store.protocol import Store

SLICE = 256
"""Rows a commit: 2,048 made the slowest accepts twice as slow as this."""
EVERY = 60.0
PAUSE = 0.05
"""Seconds between slices, so that pruning takes a small share of the writer."""


async def prune_once(store: Store, settings: StoreSettings, now: float) -> int:
    """Prunes all that is due. Returns how many rows went."""
    total = 0
    while True:
        gone = await store.prune(now - settings.retention, now - settings.dedup_window, SLICE)
        if gone == 0:
            return total
        total += gone
        await asyncio.sleep(PAUSE)


async def keep_pruned(
    store: Store, settings: Callable[[], StoreSettings], clock: Callable[[], float]
) -> None:
    """Prunes every minute, until canceled. A store that cannot commit is tried again."""
    while True:
        # A store that cannot commit says so itself, in its health; the next round tries again.
        with contextlib.suppress(StoreUnavailable):
            await prune_once(store, settings(), clock())
        await asyncio.sleep(EVERY)
