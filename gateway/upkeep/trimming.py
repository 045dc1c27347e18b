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


def trim() -> None:
    """Gives back what no thread uses, once."""
    try:
        import ctypes  # noqa: PLC0415  # not at the start, and not everywhere it can be loaded

        give = getattr(ctypes.CDLL(None), "malloc_trim", None)
    except (ImportError, OSError, MemoryError):
        return
    if give is not None:
        give(0)


async def watch(give: Callable[[], None] = trim, every: float = EVERY) -> None:
    """Gives back again and again, until canceled. every: seconds."""
    while True:
        await asyncio.sleep(every)
        await asyncio.to_thread(give)
