"""The disk guard: refuses new events before the disk is full, while results can still be kept, and
gives the ballast back when the disk takes nothing more.

What follows from what is known of the disk is decided by pure functions; `DiskGuard` obeys them.
"""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from gateway.errors import StoreUnavailable
from gateway.store.protocol import Health
from gateway.upkeep.ballast import Ballast, wanted

EVERY: Final = 2.0
"""Seconds. At 100 MB/s of bodies the default 512 MiB outlast two looks."""
LEFT_ALONE: Final = 5.0
"""Seconds for which a ballast that was given back, or could not be had, is not asked for again: what
waits to be recorded, which is tried each second, comes first."""


@dataclass(frozen=True, slots=True)
class Disk:
    """What is known of the store's disk at one moment. In bytes."""

    free: int
    """What the system says the gateway's user may fill."""
    held: int
    """By the ballast."""
    reusable: int
    """Pages inside the database that pruning has freed."""
    problem: str = ""
    """Why the last commit failed; empty: it did not."""
    refused: bool = False
    """The problem is the disk's: full, over quota, or broken."""

    @property
    def room(self) -> int:
        """What the store may still fill. The ballast is ours, and the database fills what pruning
        freed before it grows: so pruning alone ends a lack of room that is our own doing."""
        return self.free + self.held + self.reusable


def refusal(disk: Disk, min_free: int) -> str:
    """Why new events are refused; empty: they are not. min_free: bytes; 0 guards nothing."""
    if disk.room < min_free:
        return (
            f"only {_size(disk.room)} of room are left on the store's disk "
            f"(store.min_free is {_size(min_free)})"
        )
    if disk.refused:
        return f"the store's disk does not take what is written: {disk.problem}"
    # Without a reserve, only where the database need not grow.
    if disk.held < wanted(min_free) and disk.reusable < min_free:
        return "the store's disk was full, over quota or broken, and there is no new reserve yet"
    return ""


def gives(disk: Disk) -> bool:
    """Whether the ballast is given back: only when a commit failed for want of room, not before.
    Given back earlier, somebody else's file would have it when it is needed."""
    return disk.refused and disk.held > 0


def takes(disk: Disk, min_free: int) -> bool:
    """Whether the ballast is written (again), or brought to another size."""
    size = wanted(min_free)
    if disk.problem or disk.held == size:
        return False
    return disk.held > size or disk.free + disk.held >= 2 * size


def _size(count: int) -> str:
    return f"{count / 2**20:.{0 if count >= 10 * 2**20 else 1}f} MiB"


class _Store(Protocol):
    """What is asked of the store."""

    async def health(self) -> Health: ...

    async def probe(self) -> None: ...


class DiskGuard:
    """Knows whether there is room. `why` is read by every request and costs nothing."""

    def __init__(
        self,
        store: _Store,
        ballast: Ballast,
        min_free: Callable[[], int],
        report: Callable[[int], None],
        changed: Callable[[], None],
    ) -> None:
        """min_free: bytes that must stay free. report: told the room, in bytes, at each look.
        changed: called when `why` or `problem` came or went."""
        self._store = store
        self._ballast = ballast
        self._min_free = min_free
        self._report = report
        self._changed = changed
        self._again_at = 0.0
        self._soon = asyncio.Event()
        self.why = ""
        """Why new events are refused, for a person; empty: they are not."""
        self.problem = ""
        """What keeps the store from committing; empty: nothing known."""
        self.strained = False
        """The reserve is gone or nothing can be written: whatever need not be written is not."""

    def soon(self) -> None:
        """Something could not be written: look now."""
        self._soon.set()

    async def look(self) -> None:
        """Looks once, and does what follows."""
        disk = await self._disk()
        if disk.refused:
            self._judge(disk)  # at once: nobody new may have what is given back now
        if gives(disk):
            self._again_at = _now() + LEFT_ALONE
            with contextlib.suppress(OSError):
                self._ballast.give()
        if disk.problem:
            # Without traffic nobody else would find out that it is well again.
            with contextlib.suppress(StoreUnavailable):
                await self._store.probe()
            disk = await self._disk()
        if takes(disk, self._min_free()) and _now() >= self._again_at:
            await self._take()
            disk = await self._disk()
        self._judge(disk)

    async def watch(self) -> None:
        """Looks every two seconds, and at once when something failed, until canceled."""
        while True:
            self._soon.clear()
            await self.look()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EVERY):
                    await self._soon.wait()

    async def _take(self) -> None:
        size = wanted(self._min_free())
        try:
            if size:
                await asyncio.to_thread(self._ballast.take, size)
            else:
                self._ballast.give()
        except OSError:
            self._again_at = _now() + LEFT_ALONE

    async def _disk(self) -> Disk:
        health = await self._store.health()
        return Disk(
            health.free_bytes,
            self._ballast.held,
            health.reusable_bytes,
            health.problem,
            health.disk_refused,
        )

    def _judge(self, disk: Disk) -> None:
        min_free = self._min_free()
        before = bool(self.why), bool(self.problem)
        self.why, self.problem = refusal(disk, min_free), disk.problem
        self.strained = bool(disk.problem) or disk.held < wanted(min_free)
        self._report(disk.room)
        if before != (bool(self.why), bool(self.problem)):
            self._changed()


def _now() -> float:
    return asyncio.get_running_loop().time()
