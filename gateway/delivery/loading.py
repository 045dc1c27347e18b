"""From the store into memory: the numbers of what waits, then all that attempts of them need.

Which delivery is next is `queue`'s, whether a target may be tried now is `gate`'s.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from gateway.delivery.queue import BACKLOG, END, TargetQueue
from gateway.errors import StoreUnavailable
from gateway.model.ids import Seq
from gateway.model.records import Due, Work
from gateway.model.states import Reason
from gateway.store.protocol import Store

PAGE: Final = 2000
MISTAKE: Final = 60.0
"""Seconds until an attempt that ended in a mistake of ours is made again."""
LONG_SINCE: Final = 0.0
"""When something was due that the queue gave out already: before all that it may not know."""
AGAIN: Final = 1.0
"""Seconds until the store is asked again after it failed."""

Wait = Callable[[str, Seq, Reason, float], None]
"""Puts a leased delivery of a target back, to wait so many seconds."""


class Loader:
    """Reads for the dispatcher."""

    def __init__(self, store: Store, wait: Wait, report: Callable[[BaseException], None]) -> None:
        self._store = store
        self._wait = wait
        self._report = report

    async def lease(self, queue: TargetQueue, seqs: Sequence[Seq]) -> Sequence[Work]:
        """Leases old deliveries and reads them. What cannot be read waits for a while."""
        lost: set[Seq] = set()
        """Leased, and cannot be read."""
        try:
            leased = await self._lease(queue, seqs)
            lost = set(leased)
            works = await self._read(leased)
            lost -= {work.delivery.seq for work in works}
        finally:
            for seq in lost:
                self._wait(queue.target, seq, Reason.RETRY, MISTAKE)
        return works

    async def _lease(self, queue: TargetQueue, seqs: Sequence[Seq]) -> Sequence[Seq]:
        try:
            return await self._store.lease(seqs)
        except StoreUnavailable:
            await asyncio.sleep(AGAIN)
            for seq in seqs:
                queue.add(Due(seq, queue.target, LONG_SINCE))
            return ()

    async def _read(self, leased: Sequence[Seq]) -> Sequence[Work]:
        """What can be read of them: one lost pack must not hold up the others."""
        try:
            return await self._store.work(leased)
        except StoreUnavailable:
            works: list[Work] = []
            for seq in leased:
                try:
                    works += await self._store.work([seq])
                except StoreUnavailable as error:
                    self._report(error)
            return works

    async def fill(self, queue: TargetQueue) -> None:
        """Brings numbers of pending deliveries into memory, in order of their time."""
        to = queue.complete_to
        try:
            while len(queue) < BACKLOG and to != END:
                page = await self._store.claim(queue.target, to, PAGE)
                for due in page:
                    queue.add(due)
                to = (page[-1].next_at, page[-1].seq) if len(page) == PAGE else END
        except StoreUnavailable:
            await asyncio.sleep(AGAIN)
        finally:
            queue.loaded(to)
