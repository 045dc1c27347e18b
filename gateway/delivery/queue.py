"""One target's waiting deliveries: fresh ones in memory, older ones by number. Pure: no I/O.

Fresh before old; but of each five one is an old one if any is due, so that neither starves.
"""

import heapq
from collections import deque
from typing import Final

from gateway.model.ids import Seq
from gateway.model.records import Due, Work

OLD_SHARE: Final = 5
BACKLOG: Final = 20_000
"""Numbers of a target kept in memory; the rest stays in the store until there is room."""


class TargetQueue:
    """What waits for one target, and how many of its attempts run."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.fresh: deque[Work] = deque()
        self.running = 0
        self.more = True
        """The store may hold pending deliveries that are not here."""
        self.loading = False
        self._heap: list[tuple[float, Seq]] = []
        self._known: set[Seq] = set()
        self._turn = 0

    def __len__(self) -> int:
        return len(self.fresh) + len(self._heap)

    def add(self, due: Due) -> None:
        """Takes a pending delivery; past the bound it stays in the store until there is room."""
        if len(self._heap) >= BACKLOG:
            self.more = True
            return
        self._known.add(due.seq)
        heapq.heappush(self._heap, (due.next_at, due.seq))

    def room(self) -> int:
        """How many more numbers fit."""
        return max(0, BACKLOG - len(self._heap))

    def next_at(self) -> float | None:
        """When the earliest old one is due."""
        return self._heap[0][0] if self._heap else None

    def take(self, now: float) -> Work | Seq | None:
        """The next one to be tried: a fresh one with all it needs, or the number of an old one."""
        self._turn += 1
        old_due = bool(self._heap) and self._heap[0][0] <= now
        if self.fresh and not (old_due and self._turn % OLD_SHARE == 0):
            return self.fresh.popleft()
        while self._heap and self._heap[0][0] <= now:
            _, seq = heapq.heappop(self._heap)
            if seq in self._known:
                self._known.discard(seq)
                return seq
        return self.fresh.popleft() if self.fresh else None

    def oldest(self) -> float | None:
        """When the longest waiting fresh one was accepted."""
        return self.fresh[0].delivery.created_at if self.fresh else None
