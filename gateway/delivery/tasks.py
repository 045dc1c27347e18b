"""What runs beside the event loop's callbacks: begun, heard of when it fails, waited for at the end."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class Tasks:
    """A set of tasks that nobody else waits for."""

    def __init__(self, report: Callable[[BaseException], None]) -> None:
        """report: hears of an exception nobody expected."""
        self._report = report
        self._tasks: set[asyncio.Future[Any]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def begin(self, work: Coroutine[None, None, None]) -> None:
        """Runs it from now on."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def keep(self, future: "asyncio.Future[Any]") -> None:
        """Waits for it too at the end; who has begun it hears of its end, and says `forget`."""
        self._tasks.add(future)

    def forget(self, future: "asyncio.Future[Any]") -> None:
        """It has ended."""
        self._tasks.discard(future)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._report(error)

    async def end(self, deadline: float) -> None:
        """Waits for all that runs, and cuts off what runs longer than so many seconds."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=deadline)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
