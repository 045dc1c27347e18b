"""Deletes what is older than its keep, a small slice at a time, so that accepting is not slowed."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from gateway.errors import StoreUnavailable
from gateway.plan.plan import StoreSettings
from gateway.store.protocol import Store

SLICE: Final = 512
"""Events a commit: 6 ms of the writer, 13 where a checkpoint falls into it. Slices of four times as
long made the slowest accepts twice as slow; half as many save nothing but a wait."""
LEAST: Final = 4
"""Rows a commit where the disk takes no larger one: pruning is what makes room on a full disk."""
EVERY: Final = 60.0
PRESSED: Final = 5.0
"""Seconds between rounds where there is too little room: what pruning frees opens the door again."""
PAUSE: Final = 0.05
"""Seconds between slices at least."""
REST: Final = 4.0
"""Times a slice's own time between it and the next: under load, when slices wait for the writer too,
pruning takes a fifth of it at most and goes on when there is time. At a fixed pace it took a third."""
LONGEST: Final = 0.25
"""Seconds of such a rest at most: two thousand a second go even where the machine is overloaded."""


def rest(took: float, lasted: float) -> float:
    """Seconds until the next slice. took: the one before. lasted: the round so far.

    A round of more than a minute falls behind what comes meanwhile: at 1,500 events a second the
    database grew without end. The longer it lasts, the shorter its rests: of two minutes, a quarter.
    """
    patience = (EVERY / max(EVERY, lasted)) ** 2
    return patience * max(PAUSE, min(LONGEST, REST * took))


async def prune_once(store: Store, settings: StoreSettings, now: float) -> int:
    """Prunes all that is due. Returns how many rows went. Raises `StoreUnavailable`."""
    total = 0
    limit = SLICE
    loop = asyncio.get_running_loop()
    started = loop.time()
    while True:
        began = loop.time()
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
        ended = loop.time()
        await asyncio.sleep(rest(ended - began, ended - started))


class Retention:
    """Prunes every minute, and at once when there is a reason to."""

    def __init__(
        self,
        store: Store,
        settings: Callable[[], StoreSettings],
        clock: Callable[[], float],
        pressed: Callable[[], bool],
    ) -> None:
        """clock: unix seconds. pressed: whether there is too little room."""
        self._pressed = pressed
        self._store = store
        self._settings = settings
        self._clock = clock
        self._soon = asyncio.Event()

    def soon(self) -> None:
        """There is less room than there should be, or another retention."""
        self._soon.set()

    async def watch(self) -> None:
        """Prunes until canceled. Raises `StoreUnavailable`: soon is the time to go on."""
        while True:
            self._soon.clear()
            await prune_once(self._store, self._settings(), self._clock())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PRESSED if self._pressed() else EVERY):
                    await self._soon.wait()
