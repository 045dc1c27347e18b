"""What flows into the store and out of it: admissions, events, deliveries, attempts.

`New…` things are on their way in and get their sequence number from the writer. The rest is what
reads give back. Times are unix seconds (float), durations are seconds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.model.ids import DeliveryId, EventId, KeyDigest, Seq
from gateway.model.record import record
from gateway.model.request import RawHeaders
from gateway.model.states import DeliveryState, ErrorClass, Reason, Trigger

# ---------------------------------------------------------------- on the way in


@dataclass(slots=True)
class Keys:
    """What ties a new delivery to others of its target. All of it is fixed from then on."""

    order: str | None = None
    """Its lane is (target, this); None: it is in none."""
    stops: bool = False
    """Whether its lane stands still if it is dead."""
    fair: str | None = None
    """Whose share of the target it takes; None where the target has no shares."""
    burst: str | None = None
    """It takes the place of a delivery of its route and target with the same one that still waits."""
    burst_until: float = 0.0
    """The latest that those of a burst which this one begins may put off the next attempt."""
    behind: bool = False
    """Set by the store: another one of its lane comes first. Where it should have been leased, it is
    pending."""
    took_over: tuple[Seq, ...] = ()
    """Set by the store: whose place it took."""


@dataclass(slots=True)
class NewDelivery:
    """One delivery to be made by the commit that accepts its event."""

    id: DeliveryId
    route: str
    target: str
    state: DeliveryState
    """pending, leased (the dispatcher has room and takes it from memory) or held."""
    reason: Reason
    next_at: float
    detail: str = ""
    """For a person: why it is held."""
    keys: Keys | None = None
    """None for most: such a delivery has to do with no other."""
    trigger: Trigger = Trigger.INITIAL
    replay_of: DeliveryId | None = None
    seq: Seq = Seq(0)


@dataclass(slots=True)
class NewEvent:
    """One item of a receipt, ready to be stored."""

    id: EventId
    item: int
    """Position in the receipt, from 0."""
    dedup_key: str
    type: str
    provider_type: str
    provider_id: str | None
    subject: str | None
    time: float
    """When it happened if the provider says, else when received."""
    fields: bytes
    """The normalized fields as JSON text."""
    flags: tuple[str, ...]
    verified: bool
    id_signed: bool = True
    """False: the id is one nobody signed, and the store flags a body seen under another id."""
    deliveries: list[NewDelivery] = field(default_factory=list)
    seq: Seq = Seq(0)
    """Set by the store; it stays 0 for a duplicate."""
    digest: KeyDigest = KeyDigest(b"")
    """Set by the store, like its number: it alone asks for it, where it writes."""


@dataclass(slots=True)
class Admission:
    """One request that may be let in, with the events it holds."""

    source: str
    provider: str
    received_at: float
    client: str
    """The judged client address, as text."""
    scheme: str
    """The scheme that proved it, or `none`."""
    key_label: str
    """Which of the source's keys fitted."""
    content_type: str
    headers: RawHeaders
    """As received, the sender's secrets already replaced."""
    body: bytes
    events: list[NewEvent]
    revive: bool = True
    """Whether a duplicate brings its event's dead deliveries back."""
    refusal: str = ""
    """In shadow mode: the outcome that would have refused it."""
    is_json: bool = False
    """The body was read as JSON that can be passed on as it is; spares each delivery another look."""
    body_mac: bytes = b""
    """The keyed hash that proved the body, if it was one of the body alone: it stands for the body
    where it is asked whether that came before. Empty: the body speaks for itself."""


class Due(NamedTuple):
    """A pending delivery the dispatcher has to know of; kept small, there may be 100,000."""

    seq: Seq
    target: str
    next_at: float
    key: str | None = None
    """Whose share of the target it takes."""


@record
class Admitted:
    """What became of one event of an admission; true on disk when it is returned."""

    duplicate: bool
    id: EventId
    """The event's id; for a duplicate the first event's."""
    revived: int = 0


# ---------------------------------------------------------------- what reads give back


@record
class Event:
    """A stored event."""

    seq: Seq
    id: EventId
    receipt: Seq
    item: int
    source: str
    provider: str
    type: str
    provider_type: str
    provider_id: str | None
    dedup_key: str
    subject: str | None
    time: float
    received_at: float
    fields: bytes
    flags: tuple[str, ...]
    verified: bool
    duplicates: int
    size: int
    """Bytes of the receipt's body."""


@dataclass(frozen=True, slots=True)
class EventSummary:
    """An event with what became of it, as lists show it."""

    event: Event
    state: str
    """`EVENT_STATES`, the first that applies."""
    deliveries: Mapping[str, int]
    """Number of deliveries by state."""


EVENT_STATES = ("dead", "held", "pending", "delivered", "canceled", "unrouted")


@dataclass(frozen=True, slots=True)
class Receipt:
    """A stored request: what arrived and how it was proved."""

    seq: Seq
    source: str
    provider: str
    received_at: float
    client: str
    scheme: str
    key_label: str
    verified: bool
    refusal: str
    content_type: str
    headers: RawHeaders
    body: bytes


@record
class Delivery:
    """A stored delivery."""

    seq: Seq
    id: DeliveryId
    event: Seq
    route: str
    target: str
    order_key: str | None
    state: DeliveryState
    reason: Reason
    detail: str
    next_at: float
    attempts: int
    """Of its whole life: `Gateway-Attempt` of the next is one more."""
    window_started_at: float
    """When its retry window began: with its first attempt; before that, when it was made."""
    window_attempts: int
    """Attempts since the window began (a retry, a revival and the end of a hold begin a new one)."""
    deaths: int
    """How often the process died while this delivery was leased."""
    trigger: Trigger
    replay_of: DeliveryId | None
    created_at: float
    updated_at: float
    fair_key: str | None = None
    """Whose share of the target it takes."""
    behind: bool = False
    """Another one of its lane comes first."""
    stops: bool = False
    """Whether its lane stands still if it is dead."""


@record
class Attempt:
    """One try of a delivery against one endpoint."""

    number: int
    at: float
    endpoint: str
    status: int | None
    error: ErrorClass | None
    message: str
    """What went wrong, for a person; never holds a secret."""
    duration: float
    answer: bytes
    """The first 1 KiB of the answer's body."""
    trigger: Trigger


@record
class Work:
    """All that an attempt needs, read anew at each attempt."""

    delivery: Delivery
    event: Event
    headers: Callable[[], RawHeaders]
    """Asked for, since few attempts pass any on."""
    content_type: str
    body: bytes
    is_json: bool = False
    """The body is known to be JSON that can be passed on as it is. False: it has to be looked at."""
    endpoint: str = ""
    """The label of the one it was tried at last; empty: it was not tried."""


@record
class Result:
    """What became of a leased delivery, to be recorded."""

    delivery: Seq
    state: DeliveryState
    reason: Reason
    detail: str
    next_at: float
    attempt: Attempt | None
    """None where no attempt was made (a hold, a late cancellation)."""
    joins: Keys | None = None
    """The lane it is found to belong to only now: its expression had failed before."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which deliveries a verb is for; every field given narrows it. An empty one selects nothing."""

    ids: tuple[DeliveryId, ...] = ()
    event: EventId | None = None
    source: str | None = None
    route: str | None = None
    target: str | None = None
    state: DeliveryState | None = None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """What a verb did."""

    count: int
    due: Sequence[Due] = ()
    refused: Sequence[tuple[DeliveryId, str]] = ()
    """Deliveries named by id that the verb does not apply to, each with the reason."""


@dataclass(frozen=True, slots=True)
class Committed:
    """One commit, as its listeners hear of it on the event loop."""

    seconds: float
    admissions: Sequence[tuple[Admission, Sequence[Admitted]]]
    due: Sequence[Due]
    """Deliveries that this commit made pending, or the first of their lane: to be tried again,
    revived, retried, released, replayed."""
    changed: Sequence[Seq] = ()
    """Events whose deliveries changed state."""
    counts: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """By how much each (target, state) of deliveries changed."""
    after_failure: bool = False
    """The commit before it failed, or was taken for failed: what is in the store of that nobody heard."""


@dataclass(frozen=True, slots=True)
class Refused:
    """One refused request, for the refused log."""

    at: float
    source: str
    outcome: str
    reason: str
    client: str
    method: str
    path: str
    headers: RawHeaders
    size: int
    body_hash: str
    request_id: str
    seq: Seq = Seq(0)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change a person made."""

    at: float
    who: str
    action: str
    object: str
    detail: str = ""
