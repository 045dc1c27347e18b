"""Fresh deliveries in memory: how many there may be, and how they come from a commit into the queues.

Ingest asks before the commit whether one fits (`reserve`), and tells after it what became of it.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final

from gateway.delivery.fresh import fresh_event, fresh_work
from gateway.delivery.queue import TargetQueue
from gateway.model.records import Admission, Admitted, Due, Event, Work
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

    def accepted(self, admission: Admission, admitted: Sequence[Admitted]) -> list[TargetQueue]:
        """Takes the deliveries of a durable admission; returns the queues that have more now."""
        touched = []
        for event, became in zip(admission.events, admitted, strict=True):
            whole: Event | None = None
            for new in event.deliveries:
                queue, keys = self._queue(new.target), new.keys
                leased = new.state is DeliveryState.LEASED
                if leased:
                    self.reserved[new.target] -= 1
                if keys is not None:
                    for seq in keys.took_over:
                        queue.forget(seq, keys.fair)
                if became.duplicate or (keys is not None and keys.behind):
                    continue  # of those behind another the store says when they are due
                if leased:
                    whole = whole or fresh_event(admission, event)
                    queue.add_fresh(fresh_work(admission, whole, new))
                    self.bytes += len(admission.body)
                elif new.state is DeliveryState.PENDING:
                    fair = None if keys is None else keys.fair
                    queue.add(Due(new.seq, queue.target, new.next_at, fair))
                else:
                    continue
                touched.append(queue)
        return touched

    def left(self, work: Work) -> None:
        """A fresh one waits no more."""
        self.bytes -= len(work.body)
