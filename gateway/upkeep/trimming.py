"""Gives memory that is free back to the system.

glibc keeps what large bodies and bursts have freed in the heap of each thread: after eight bodies of
20 MB the process stayed 80 MB larger, for good. Other C libraries have no such call and need none.
"""

import asyncio
from collections.abc import Callable
from typing import Final

EVERY: Final = 60.0
"""Seconds. Where there is little to give it takes half a millisecond, after a burst of 160 MB some 20
(measured). It is done in a thread of its own; who needs memory meanwhile may wait for it."""


APART: Final = 1024 * 1024
"""Bytes from which on a block is the system's own and goes back to it as soon as it is freed. Left
to itself glibc keeps up to 32 MiB of such blocks in each heap, once it has freed one of them."""
KEPT: Final = 16 * 1024 * 1024
"""Bytes at the end of the heap that stay until the next `trim`. Of 128 KiB, as glibc has it, a store's
commit gave all back and had its pages made anew each time: one and a half for an event."""
_MMAP_THRESHOLD: Final = -3
_TRIM_THRESHOLD: Final = -1
"""`M_MMAP_THRESHOLD` and `M_TRIM_THRESHOLD` of mallopt(3)."""


def keep_large_apart() -> None:
    """Once, before there are any."""
    _call("mallopt", _MMAP_THRESHOLD, APART)
    _call("mallopt", _TRIM_THRESHOLD, KEPT)


def trim() -> None:
    """Gives back what no thread uses, once."""
    _call("malloc_trim", 0)


def _call(name: str, *numbers: int) -> None:
    try:
        import ctypes  # noqa: PLC0415  # not everywhere it can be loaded

        call = getattr(ctypes.CDLL(None), name, None)
    except (ImportError, OSError, MemoryError):
        return
    if call is not None:
        call(*numbers)


async def watch(give: Callable[[], None] = trim, every: float = EVERY) -> None:
    """Gives back again and again, until canceled. every: seconds."""
    while True:
        await asyncio.sleep(every)
        await asyncio.to_thread(give)
