"""From the store into memory: the numbers of what waits, then all that attempts of them need.

Which delivery is next is `queue`'s, whether a target may be tried now is `gate`'s.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from gateway.delivery.queue import TargetQueue
from gateway.delivery.share import END, Place
from gateway.errors import StoreUnavailable
from gateway.model.ids import Seq
from gateway.model.records import Due, Work
from gateway.model.states import Reason
from gateway.store.protocol import Store

PAGE: Final = 2000
KEYS: Final = 500
TOGETHER: Final = 50
"""Shares of which one read brings some."""
MISTAKE: Final = 60.0
"""Seconds until an attempt that ended in a mistake of ours is made again."""
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

    async def lease(self, queue: TargetQueue, dues: Sequence[Due]) -> Sequence[Seq]:
        """Leases old deliveries; returns those that were still to be had."""
        try:
            return await self._store.lease([due.seq for due in dues])
        except StoreUnavailable:
            # A commit that was taken for failed may have leased them all the same. Put back, they are
            # announced as due in either case.
            for due in dues:
                self._wait(queue.target, due.seq, Reason.RETRY, 0.0)
            return ()

    async def read(
        self, queue: TargetQueue, leased: Sequence[Seq], most: int
    ) -> tuple[Sequence[Work], Sequence[Seq]]:
        """Reads leased deliveries in order, until their bodies are `most` bytes or more. Returns
        them and those that are left. What cannot be read waits for a while."""
        lost: set[Seq] = set(leased)
        rest: Sequence[Seq] = ()
        try:
            works = await self._read(leased, most)
            if works:
                rest = leased[leased.index(works[-1].delivery.seq) + 1 :]
            lost -= {*rest, *(work.delivery.seq for work in works)}
        finally:
            for seq in lost:
                self._wait(queue.target, seq, Reason.RETRY, MISTAKE)
        return works, rest

    async def _read(self, leased: Sequence[Seq], most: int) -> Sequence[Work]:
        """What can be read of them: one lost pack must not hold up the others."""
        try:
            return await self._store.work(leased, most)
        except StoreUnavailable:
            works: list[Work] = []
            for seq in leased:
                try:
                    works += await self._store.work([seq], most)
                except StoreUnavailable as error:
                    self._report(error)
                if sum(len(work.body) for work in works) >= most:
                    break
            return works

    async def fill(self, queue: TargetQueue) -> None:
        """Brings numbers of pending deliveries into memory, in order of their time: of each share
        some, so that no long one keeps the others out."""
        loading: list[tuple[str | None, Place]] = []
        try:
            while queue.wants_keys:
                keys = await self._store.shares(queue.target, queue.known_to, KEYS)
                queue.met(keys, more=len(keys) == KEYS)
            while loading := queue.hungry(TOGETHER):
                size = max(PAGE // len(loading), 1)
                ends = dict.fromkeys((key for key, _ in loading), END)
                counts = dict.fromkeys(ends, 0)
                for due in await self._store.claim(queue.target, loading, size):
                    queue.add(due)
                    counts[due.key] += 1
                    if counts[due.key] == size:
                        ends[due.key] = (due.next_at, due.seq)
                while loading:
                    key, _ = loading.pop()
                    queue.loaded(key, ends[key])
        except StoreUnavailable:
            await asyncio.sleep(AGAIN)
        finally:
            for key, place in loading:
                queue.loaded(key, place)
            queue.loading = False
