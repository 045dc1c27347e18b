"""Fresh deliveries in memory: how many there may be, and how they come from a commit into the queues.

Ingest asks before the commit whether one fits (`reserve`), and tells after it what became of it.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

from gateway.delivery.fresh import fresh_works
from gateway.delivery.queue import TargetQueue
from gateway.model.records import Admission, Admitted, Due, Work
from gateway.model.states import DeliveryState

FRESH_BYTES: Final = 64 * 1024 * 1024
"""Of bodies kept in memory for fresh deliveries of all targets together."""
FRESH_MOST: Final = 1000
"""Fresh deliveries kept in memory for one target; the rest are pending in the store."""


class Intake:
    """Counts what is reserved and what waits in memory."""

    def __init__(self, queue: Callable[[str], TargetQueue]) -> None:
        """queue: a target's."""
        self._queue = queue
        self.bytes = 0
        """Of the bodies of fresh deliveries that wait."""
        self.reserved: defaultdict[str, int] = defaultdict(int)

    def reserve(self, target: str) -> bool:
        """Whether one more of this target fits into memory; its place is kept then."""
        waiting = self._queue(target).fresh + self.reserved[target]
        if waiting >= FRESH_MOST or self.bytes >= FRESH_BYTES:
            return False
        self.reserved[target] += 1
        return True

    def failed(self, admission: Admission) -> None:
        """Gives back what was reserved for an admission."""
        for event in admission.events:
            for delivery in event.deliveries:
                if delivery.state is DeliveryState.LEASED:
                    self.reserved[delivery.target] -= 1

    def accepted(self, admission: Admission, admitted: Sequence[Admitted]) -> set[TargetQueue]:
        """Takes the deliveries of a durable admission; returns the queues that have more now."""
        self.failed(admission)
        self._forget(admission)
        touched = set()
        for work in fresh_works(admission, admitted):
            one = work.delivery
            queue = self._queue(one.target)
            if one.state is DeliveryState.LEASED:
                queue.add_fresh(work)
                self.bytes += len(work.body)
            elif one.state is DeliveryState.PENDING:
                queue.add(Due(one.seq, queue.target, one.next_at, one.fair_key))
            touched.add(queue)
        return touched

    def _forget(self, admission: Admission) -> None:
        """Those whose place was taken by the latest of their burst are pending no more."""
        for event in admission.events:
            for delivery in event.deliveries:
                if delivery.keys is not None:
                    for seq in delivery.keys.took_over:
                        self._queue(delivery.target).forget(seq, delivery.keys.fair)

    def left(self, work: Work) -> None:
        """A fresh one waits no more."""
        self.bytes -= len(work.body)
