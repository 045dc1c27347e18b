"""How the endpoints of a target are, as delivery knows it and people see it."""

from dataclasses import dataclass
from enum import StrEnum


class BreakerState(StrEnum):
    """Of an endpoint's breaker."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class EndpointState(StrEnum):
    """Of an endpoint: the first that applies."""

    OPEN = "open"
    """Its breaker is: nothing is sent there."""
    UNWELL = "unwell"
    """Its active check fails: nothing is sent there."""
    PROBING = "probing"
    """Its breaker lets one attempt through."""
    WELL = "well"


@dataclass(frozen=True, slots=True)
class EndpointStatus:
    """One endpoint at this moment. Times in unix seconds."""

    url: str
    address: str
    """Of a target with `resolve: all`; else empty."""
    state: EndpointState
    breaker: BreakerState | None
    """None: its target has no `breaker`, and no person opened it."""
    since: float | None
    """When the breaker's state began; None: it was always closed."""
    probe_at: float | None
    """Of an open breaker: when it lets one attempt through; None: when a person closes it."""
    by_hand: bool
    pending: int
    """Attempts under way."""
    error: str
    """What the last failure was; empty: none since the start."""
    error_at: float | None
    taken_at: float | None
    """When it took a delivery last."""


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """A target's endpoints, and why the target waits if it does."""

    endpoints: tuple[EndpointStatus, ...]
    waits: str
    """`breaker_open`, `unwell`, `rate`, `slowed`; empty: it does not."""
    until: float | None
    """When it goes on; None: not known."""
    slots: int
    """Attempts at once that it bears now."""
