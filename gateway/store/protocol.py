"""What a store promises, whatever keeps it. SQLite today; every test of it runs against this.

Writes are durable when they return. A write that could not be committed raises `StoreUnavailable`
and has left nothing behind. Reads never block writes.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gateway.model.ids import DeliveryId, EventId, Seq
from gateway.model.records import (
    Admission,
    Admitted,
    Attempt,
    AuditEntry,
    Committed,
    Delivery,
    Due,
    Event,
    EventSummary,
    Moved,
    NewDelivery,
    Receipt,
    Result,
    Selection,
    Work,
)
from gateway.model.states import DeliveryState, Reason, Verb

Listener = Callable[[Committed], None]
"""Called on the event loop after each commit; must be short and must not raise."""


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events a list shows; every field given narrows it."""

    source: str | None = None
    type: str | None = None
    """A normalized type, or a glob by segment: `payment.*`."""
    state: str | None = None
    text: str | None = None
    """Our id, the provider's id, the dedup key or the subject, whole."""
    since: float | None = None
    until: float | None = None


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries a list shows."""

    target: str | None = None
    route: str | None = None
    source: str | None = None
    state: DeliveryState | None = None
    reason: Reason | None = None
    event: EventId | None = None


@dataclass(frozen=True, slots=True)
class TargetBacklog:
    """What waits for one target."""

    target: str
    counts: Mapping[str, int]
    """By state: pending, leased, held, dead."""
    oldest_pending_at: float | None


@dataclass(frozen=True, slots=True)
class SourceActivity:
    """What a source did last."""

    source: str
    last_event_at: float | None
    last_event_id: EventId | None


@dataclass(frozen=True, slots=True)
class Pause:
    """Something a person paused. kind: source, route or target."""

    kind: str
    name: str
    since: float
    who: str


@dataclass(frozen=True, slots=True)
class Health:
    """How the store is."""

    writable: bool
    problem: str
    free_bytes: int
    database_bytes: int
    wal_bytes: int
    queue: int
    """Jobs that wait for the writer."""
    disk_refused: bool = False
    """The problem is that the disk did not take a write: it is full, over quota, or broken."""
    reusable_bytes: int = 0
    """Inside the database: pages that pruning has freed and that are used again before it grows."""


class Store(Protocol):
    """See the module's text."""

    # ---- writes (each durable on return)

    def accept(self, admission: Admission) -> Awaitable[Sequence[Admitted]]:
        """Stores a receipt with its events and deliveries, or finds them to be duplicates.

        Returns one entry an event, in order. Sets `seq` on what it stored.
        """
        ...

    async def record(self, results: Sequence[Result]) -> None:
        """Stores what became of leased deliveries, with their attempts."""
        ...

    async def begin(self, delivery: Seq) -> None:
        """Marks that an attempt of a suspect (`deaths` > 0) begins, so that its death is counted."""
        ...

    async def move(
        self, selection: Selection, verb: Verb, reason: Reason, detail: str = ""
    ) -> Moved:
        """Applies a verb of `MOVES` to the selected deliveries; `reason` is that of the new state."""
        ...

    async def release_paused(self) -> Moved:
        """Releases deliveries held as paused whose source, route and target are paused no more."""
        ...

    async def create_deliveries(self, event: EventId, deliveries: Sequence[NewDelivery]) -> Moved:
        """New deliveries of an old event (a replay)."""
        ...

    async def set_pause(self, kind: str, name: str, who: str, *, paused: bool) -> None:
        """Pauses or resumes; kept over restarts. Moving deliveries is the caller's (`move`)."""
        ...

    async def put(self, key: str, value: bytes | None) -> None:
        """Keeps a small value under a name; None removes it."""
        ...

    async def audit(self, entry: AuditEntry) -> None:
        """Adds to the audit log."""
        ...

    # ---- the dispatcher's reads

    async def claim(
        self, target: str, places: Sequence[tuple[str | None, tuple[float, Seq]]], limit: int
    ) -> Sequence[Due]:
        """Pending deliveries of a target that are behind no other of their lane: of each share
        named (a key of `fair_by`; None: those without one) so many at most, in order of
        (next_at, seq), after the share's place.

        The dispatcher keeps them in memory; it takes one by `lease`.
        """
        ...

    async def shares(self, target: str, after: str | None, limit: int) -> Sequence[str]:
        """Keys of shares with such deliveries, in their order, after that one."""
        ...

    async def lease(self, deliveries: Sequence[Seq]) -> Sequence[Seq]:
        """Takes pending deliveries; returns those that were still pending."""
        ...

    async def work(self, deliveries: Sequence[Seq], most: int) -> Sequence[Work]:
        """All that attempts of these deliveries need; no more of them once their bodies are `most`
        bytes or more."""
        ...

    # ---- reads

    async def events(
        self, where: EventFilter, before: Seq | None, limit: int
    ) -> Sequence[EventSummary]:
        """Newest first, those with a smaller sequence number than `before`."""
        ...

    async def event(self, id: EventId) -> EventSummary | None: ...

    async def receipt(self, seq: Seq) -> Receipt | None: ...

    async def deliveries(
        self, where: DeliveryFilter, before: Seq | None, limit: int
    ) -> Sequence[tuple[Delivery, Event]]:
        """Newest first, each with its event."""
        ...

    async def delivery(self, id: DeliveryId) -> tuple[Delivery, Event] | None: ...

    async def attempts(self, delivery: Seq) -> Sequence[Attempt]:
        """In order of time."""
        ...

    async def backlog(self) -> Sequence[TargetBacklog]: ...

    async def activity(self) -> Sequence[SourceActivity]: ...

    async def pauses(self) -> Sequence[Pause]: ...

    async def get(self, key: str) -> bytes | None: ...

    async def audited(self, before: Seq | None, limit: int) -> Sequence[AuditEntry]: ...

    # ---- upkeep

    def listen(self, listener: Listener) -> None:
        """Adds a listener to every later commit."""
        ...

    async def prune(self, events_before: float, dedup_before: float, limit: int) -> int:
        """Deletes one small slice of what is older; returns how many rows went. 0: done.

        Events with pending, leased or held deliveries stay.
        """
        ...

    async def backup(self, to: Path) -> None:
        """A consistent copy (mode 0600) while the store runs."""
        ...

    async def health(self) -> Health: ...

    async def probe(self) -> None:
        """Writes next to nothing, durably, so that `health` knows. Raises `StoreUnavailable`."""
        ...

    async def close(self) -> None:
        """Waits for the writer's last commit and gives the lock back."""
        ...
