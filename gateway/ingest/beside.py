"""Long work on the bytes of large bodies, beside the event loop: in a thread, and one at a time, so
that the loop has its half of the CPU however many large bodies strangers send.
"""

import asyncio
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

LARGE: Final = 256 * 1024
"""Bytes from which on the way to a thread, a tenth of a millisecond, is worth it: they are verified
in about one."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Beside:
    """First come, first served."""

    __slots__ = ("_turn",)

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore()

    async def run(self, work: Callable[_P, _T], *args: _P.args, **more: _P.kwargs) -> _T:
        """What the work gives, or raises."""
        async with self._turn:
            return await asyncio.to_thread(work, *args, **more)
