"""What runs in a target's slots: old deliveries are leased and read, then each is tried.

Who gets a slot is the dispatcher's to say; each slot that was given is free again here, whatever
happens in it.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from gateway.delivery.attempt import Attempts
from gateway.delivery.loading import MISTAKE, Loader
from gateway.delivery.memory import AttemptMemory
from gateway.delivery.queue import TargetQueue
from gateway.delivery.results import Results
from gateway.delivery.tasks import Tasks
from gateway.errors import StoreUnavailable
from gateway.model.ids import Seq
from gateway.model.records import Due, Work
from gateway.model.states import Reason
from gateway.store.protocol import Store

LEASE: Final = 100


class Slots:
    """Of all targets."""

    def __init__(
        self,
        store: Store,
        attempts: Attempts,
        memory: AttemptMemory,
        results: Results,
        tasks: Tasks,
        report: Callable[[BaseException], None],
        *,
        pump: Callable[[TargetQueue], None],
        running: Callable[[], bool],
    ) -> None:
        """pump: fills the slots that are free again. running: whether attempts may begin."""
        self._store = store
        self._attempts = attempts
        self._memory = memory
        self._results = results
        self._tasks = tasks
        self._report = report
        self._pump = pump
        self._running = running
        self._loader = Loader(store, results.wait, report)

    def begin(self, queue: TargetQueue, work: Work) -> None:
        """Tries a leased delivery."""
        self._memory.begun(work)
        self._tasks.begin(self._attempt(queue, work))

    def lease(self, queue: TargetQueue, dues: Sequence[Due]) -> None:
        """Leases old deliveries and tries them."""
        queue.taken += dues
        if queue.taken and not queue.leasing:
            queue.leasing = True
            self._tasks.begin(self._lease_all(queue))

    def load(self, queue: TargetQueue) -> None:
        """Brings more numbers into memory where the queue wants some."""
        if queue.wants:
            queue.loading = True
            self._tasks.begin(self._load(queue))

    async def _load(self, queue: TargetQueue) -> None:
        await self._loader.fill(queue)
        self._pump(queue)

    async def _attempt(self, queue: TargetQueue, work: Work) -> None:
        try:
            if work.delivery.deaths:
                await self._store.begin(work.delivery.seq)
            result = await self._attempts.make(work)
        except asyncio.CancelledError:
            self._results.put_back(work)
            raise
        except StoreUnavailable:
            self._results.put_back(work)
        except Exception as error:  # noqa: BLE001  # a mistake of ours must not strand a delivery
            self._report(error)
            self._results.put_back(work, after=MISTAKE)
        else:
            self._results.record(queue.target, result)
        finally:
            self._memory.ended(work)
            queue.running -= 1
            self._pump(queue)

    async def _lease_all(self, queue: TargetQueue) -> None:
        """Leases what has a slot, one lease at a time: while it runs, slots that become free gather
        for the next. One after the other each would cost a commit and a read of its own."""
        while queue.taken and self._running():
            dues, queue.taken = queue.taken[:LEASE], queue.taken[LEASE:]
            try:
                await self._lease(queue, dues)
            except Exception as error:  # noqa: BLE001  # the others that were taken hold slots
                self._report(error)
        queue.leasing = False

    async def _lease(self, queue: TargetQueue, dues: list[Due]) -> None:
        """Leases and reads, then tries each in the slot it holds."""
        slots = len(dues)
        rest: Sequence[Seq] = ()
        try:
            rest = await self._loader.lease(queue, dues)
            while rest and self._running():
                async with self._memory.turn(queue.target) as room:
                    works, rest = await self._loader.read(queue, rest, room)
                    slots -= self._try(queue, works)
        finally:
            for seq in rest:
                self._results.wait(queue.target, seq, Reason.RETRY, 0.0)
            queue.running -= slots
        if slots:
            self._pump(queue)

    def _try(self, queue: TargetQueue, works: Sequence[Work]) -> int:
        """Begins attempts, unless the end has come meanwhile. Returns how many were begun."""
        if not self._running():
            for work in works:
                self._results.put_back(work)
            return 0
        for work in works:
            self.begin(queue, work)
        return len(works)
