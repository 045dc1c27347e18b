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
"""Numbers of a target kept in memory, up to twice as many for a while; the rest stays in the store.
It is always the earliest that are here, so that what is due never waits behind what is not."""

Place = tuple[float, Seq]
"""Where a delivery stands in its target's order: when it is due, then its number."""
START: Final[Place] = (float("-inf"), Seq(0))
END: Final[Place] = (float("inf"), Seq(0))


class TargetQueue:
    """What waits for one target, and how many of its attempts run."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.fresh: deque[Work] = deque()
        self.running = 0
        self.complete_to: Place = START
        """Every pending delivery of the store up to this place is here; what comes after may not
        be."""
        self.loading = False
        self._heap: list[Place] = []
        self._due: dict[Seq, float] = {}
        self._turn = 0

    def __len__(self) -> int:
        return len(self.fresh) + len(self._due)

    def add(self, due: Due) -> None:
        """Takes a pending delivery, unless it stands behind others that only the store knows."""
        place = (due.next_at, due.seq)
        if place > self.complete_to and not self.loading:
            return
        known = self._due.get(due.seq)
        if known is not None and known <= due.next_at:
            return
        self._due[due.seq] = due.next_at
        heapq.heappush(self._heap, place)
        if len(self._heap) > 2 * BACKLOG and not self.loading:
            self._trim()

    def loaded(self, to: Place) -> None:
        """Loading has ended: all that the store had up to this place was added."""
        self.loading = False
        self.complete_to = max(self.complete_to, to)
        self._trim()

    @property
    def wants(self) -> bool:
        """Whether the store may have more, there is room for it and nobody fetches it."""
        return self.complete_to != END and not self.loading and len(self._due) < BACKLOG // 2

    def _trim(self) -> None:
        """Forgets the latest beyond the bound, and what was taken or moved meanwhile."""
        kept = sorted({place for place in self._heap if self._due.get(place[1]) == place[0]})
        if len(kept) > BACKLOG:
            kept = kept[:BACKLOG]
            self.complete_to = min(self.complete_to, kept[-1])
        self._heap = kept  # sorted, so it is a heap
        self._due = {seq: at for at, seq in kept}

    def next_at(self) -> float | None:
        """When the earliest old one is due."""
        self._drop_stale()
        return self._heap[0][0] if self._heap else None

    def take(self, now: float) -> Work | Seq | None:
        """The next one to be tried: a fresh one with all it needs, or the number of an old one."""
        self._turn += 1
        self._drop_stale()
        old_due = bool(self._heap) and self._heap[0][0] <= now
        if self.fresh and not (old_due and self._turn % OLD_SHARE == 0):
            return self.fresh.popleft()
        if not old_due:
            return None
        _, seq = heapq.heappop(self._heap)
        del self._due[seq]
        return seq

    def _drop_stale(self) -> None:
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
