"""What waits for one target with one `fair_by` key: fresh ones in memory, older ones by number. Where a
target has no shares, all of it is one. Pure: no I/O.

Fresh before old; but of each five one is an old one if any is due, so that neither starves.
"""

import heapq
from collections import deque
from typing import Final

from gateway.model.ids import Seq
from gateway.model.records import Due, Work

OLD_SHARE: Final = 5

Place = tuple[float, Seq]
"""Where a delivery stands in the order of its share: when it is due, then its number."""
START: Final[Place] = (float("-inf"), Seq(0))
END: Final[Place] = (float("inf"), Seq(0))
_NEVER: Final = float("inf")


class Share:
    """One key's part of a target's queue."""

    __slots__ = (
        "_again", "_due", "_heap", "_turn", "complete_to", "fresh", "key", "loading", "turning",
        "wakes_at",
    )  # fmt: skip

    def __init__(self, key: str | None, complete_to: Place) -> None:
        self.key = key
        self.fresh: deque[Work] = deque()
        self.complete_to = complete_to
        """Every pending delivery of the store up to this place is here; what comes after may not
        be."""
        self.loading = False
        """Somebody reads what comes after `complete_to`."""
        self.turning = False
        """It has its turn among the others. `queue` sees to it, and to `wakes_at`."""
        self.wakes_at = _NEVER
        self._heap: list[Place] = []
        self._due: dict[Seq, float] = {}
        self._turn = 0
        self._again = False
        """What is being read may be old when it comes."""

    def __len__(self) -> int:
        """How many old ones are known."""
        return len(self._due)

    @property
    def is_over(self) -> bool:
        """Whether nothing waits, here or in the store."""
        return not (self._due or self.fresh or self.loading) and self.complete_to == END

    def add(self, due: Due, most: int) -> bool:
        """Takes a pending delivery, unless it stands behind others that only the store knows.

        most: how many are kept; up to twice as many for a while.
        """
        place = (due.next_at, due.seq)
        if place > self.complete_to and not self.loading:
            return False
        known = self._due.get(due.seq)
        if known is not None and known <= due.next_at:
            return False
        self._due[due.seq] = due.next_at
        heapq.heappush(self._heap, place)
        if len(self._heap) > 2 * most and not self.loading:
            self._trim(most)
        return True

    def forget(self, seq: Seq) -> None:
        """One that is not pending any more."""
        self._due.pop(seq, None)

    def look_again(self) -> None:
        """The store may have more than it told of."""
        self.complete_to = START
        self._again = self.loading

    def loaded(self, to: Place, most: int) -> None:
        """Loading has ended: all that the store had up to this place was added."""
        self.loading = False
        self.complete_to = START if self._again else max(self.complete_to, to)
        self._again = False
        if len(self._heap) > most:
            self._trim(most)

    def hungers(self, most: int) -> bool:
        """Whether the store may have more, there is room for it and nobody fetches it."""
        return self.complete_to != END and not self.loading and len(self._due) <= most // 2

    def _trim(self, most: int) -> None:
        """Forgets the latest beyond the bound, and what was taken or moved meanwhile."""
        kept = sorted({place for place in self._heap if self._due.get(place[1]) == place[0]})
        if len(kept) > most:
            kept = kept[:most]
            self.complete_to = min(self.complete_to, kept[-1])
        self._heap = kept  # sorted, so it is a heap
        self._due = {seq: at for at, seq in kept}

    def next_at(self) -> float | None:
        """When the earliest old one is due."""
        self._drop_stale()
        return self._heap[0][0] if self._heap else None

    def has(self, now: float) -> bool:
        """Whether any may be tried now."""
        if self.fresh:
            return True
        at = self.next_at()
        return at is not None and at <= now

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
