"""What runs in a target's slots: one delivery after another is tried. And beside them: old deliveries
are leased and read, so that they are ready when a slot is.

Who gets a slot is the dispatcher's to say; each slot that was given is free again here, whatever
happens in it.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from gateway.delivery.attempt import Attempts, Begun
from gateway.delivery.loading import MISTAKE, Loader
from gateway.delivery.memory import AttemptMemory
from gateway.delivery.queue import TargetQueue
from gateway.delivery.results import Results
from gateway.delivery.tasks import Tasks
from gateway.errors import StoreUnavailable
from gateway.model.ids import Seq
from gateway.model.records import Due, Result, Work
from gateway.model.states import Reason
from gateway.store.protocol import Store

LEASE: Final = 200
"""Deliveries of one lease, and of a target that are leased ahead of its slots, at most."""
SOON: Final = 0.2
"""Seconds that they may wait for a slot, as far as can be foreseen: whoever comes meanwhile, fresh or
of another account, waits behind them."""


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
        following: Callable[[TargetQueue], Work | None],
        pump: Callable[[TargetQueue], None],
        running: Callable[[], bool],
    ) -> None:
        """following: what a slot that is free again tries next, if anything. pump: fills free slots.
        running: whether attempts may begin."""
        self._following = following
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
        """Tries a leased delivery in a slot, and then what follows."""
        try:
            suspect = work.delivery.deaths
            future, result = self._suspect(work) if suspect else self._attempts.begin(work)
        except Exception as error:  # noqa: BLE001  # see `_ended`
            future = asyncio.get_running_loop().create_future()
            future.set_exception(error)
            result = future.result
        self._tasks.keep(future)
        future.add_done_callback(partial(self._ended, queue, work, result))

    def lease(self, queue: TargetQueue, dues: Sequence[Due]) -> None:
        """Leases old deliveries and makes them ready."""
        queue.taken += dues
        queue.coming += len(dues)
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

    def _suspect(self, work: Work) -> Begun:
        """The process has died while this was tried: that it is again is noted first."""

        async def noted() -> Result:
            await self._store.begin(work.delivery.seq)
            return await self._attempts.make(work)

        task = asyncio.create_task(noted())
        return task, task.result

    def _ended(
        self,
        queue: TargetQueue,
        work: Work,
        result: Callable[[], Result],
        future: "asyncio.Future[Any]",
    ) -> None:
        """An attempt is over: its slot is free, whatever happened in it."""
        self._tasks.forget(future)
        try:
            found = result()
        except (asyncio.CancelledError, StoreUnavailable):
            self._results.put_back(work)
        except Exception as error:  # noqa: BLE001  # a mistake of ours must not strand a delivery
            self._report(error)
            self._results.put_back(work, after=MISTAKE)
        else:
            self._results.record(queue.target, found)
        self._memory.ended(work)
        queue.running -= 1
        queue.ended += 1
        try:
            following = self._following(queue)
        except Exception as error:  # noqa: BLE001  # nobody waits for this call
            self._report(error)
            return
        if following is not None:
            self.begin(queue, following)

    async def _lease_all(self, queue: TargetQueue) -> None:
        """Leases what was taken, one lease at a time: while it runs, more gather for the next. One
        after the other each would cost a commit and a read of its own."""
        while queue.taken and self._running():
            dues, queue.taken = queue.taken[:LEASE], queue.taken[LEASE:]
            try:
                await self._lease(queue, dues)
            except Exception as error:  # noqa: BLE001  # the others that were taken must go on
                self._report(error)
        queue.leasing = False

    async def _lease(self, queue: TargetQueue, dues: list[Due]) -> None:
        """Leases and reads."""
        before = queue.leased
        queue.leased = (queue.ended, asyncio.get_running_loop().time())
        rest: Sequence[Seq] = ()
        try:
            rest = await self._loader.lease(queue, dues)
            while rest and self._running():
                async with self._memory.turn(queue.target) as room:
                    works, rest = await self._loader.read(queue, rest, room)
                self._ready(queue, works)
        finally:
            for seq in rest:
                self._results.wait(queue.target, seq, Reason.RETRY, 0.0)
            queue.coming -= len(dues)
            queue.ahead = self._ahead(queue, *before)
        self._pump(queue)

    def _ahead(self, queue: TargetQueue, ended: int, at: float) -> int:
        """How many had better be leased ahead: as many as are tried in so short a time, at the pace
        since the lease before this one began; but for twice as many at most, for a pace that is seen
        for a moment is none."""
        passed = asyncio.get_running_loop().time() - at
        return min(LEASE, int(SOON * (queue.ended - ended) / max(passed, SOON / 2)))

    def _ready(self, queue: TargetQueue, works: Sequence[Work]) -> None:
        """They wait for slots, unless the end has come meanwhile."""
        if not self._running():
            for work in works:
                self._results.put_back(work)
            return
        for work in works:
            self._memory.begun(work)
        queue.ready.extend(works)
        self._pump(queue)
