"""Deletes what is older than its keep, a small slice at a time, so that accepting is not slowed."""

import asyncio
from collections.abc import Callable
from typing import Final

from gateway.errors import StoreUnavailable
from gateway.plan.plan import StoreSettings
from gateway.store.protocol import Store

SLICE: Final = 256
"""Rows a commit: 2,048 made the slowest accepts twice as slow as this."""
LEAST: Final = 4
"""Rows a commit where the disk takes no larger one: pruning is what makes room on a full disk."""
EVERY: Final = 60.0
PAUSE: Final = 0.05
"""Seconds between slices, so that pruning takes a small share of the writer."""


async def prune_once(store: Store, settings: StoreSettings, now: float) -> int:
    """Prunes all that is due. Returns how many rows went. Raises `StoreUnavailable`."""
    total = 0
    limit = SLICE
    while True:
        try:
            gone = await store.prune(now - settings.retention, now - settings.dedup_window, limit)
        except StoreUnavailable:
            if limit == LEAST:
                raise
            limit = max(LEAST, limit // 4)
        else:
            if gone == 0:
                return total
            total += gone
        await asyncio.sleep(PAUSE)


async def keep_pruned(
    store: Store, settings: Callable[[], StoreSettings], clock: Callable[[], float]
) -> None:
    """Prunes every minute, until canceled. Raises `StoreUnavailable`: soon is the time to go on."""
    while True:
        await prune_once(store, settings(), clock())
        await asyncio.sleep(EVERY)
