"""An event loop whose time passes only when nothing is left to do: hours in a blink, no sleeps."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")
EPOCH = 1_790_000_000.0


class _Selector(selectors.DefaultSelector):
    """Instead of waiting, puts the clock forward."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise AssertionError("everybody waits, and nothing will ever happen")
            self.now += max(0.0, timeout)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop, on the selector's clock."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        return self._virtual.now


def run(main: Coroutine[object, object, T]) -> T:
    """Runs a test to its end."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


def clock() -> float:
    """Unix seconds, as the loop that runs has them."""
    return EPOCH + asyncio.get_running_loop().time()
