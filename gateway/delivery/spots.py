"""A target's endpoints as they are at this moment: breaker, check, attempts under way, last error.

A *spot* is one endpoint, or one address of its name where the target says `resolve: all`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gateway.delivery import breaker as breakers
from gateway.delivery import health
from gateway.delivery.balance import Candidate
from gateway.delivery.breaker import Breaker
from gateway.delivery.health import Checked
from gateway.model.endpoints import BreakerState, EndpointState, EndpointStatus
from gateway.plan.plan import Endpoint, Target

Addresses = Mapping[str, Sequence[str]]
"""By host name: the addresses it has, sorted."""


@dataclass(slots=True, eq=False)
class Spot:
    """One endpoint's state. Lives on over reloads while its URL (and address) does."""

    url: str
    address: str
    """Empty: whatever the name resolves to."""
    label: str
    """How attempts, metrics and people name it."""
    breaker: Breaker = field(default_factory=Breaker)
    checked: Checked = field(default_factory=Checked)
    pending: int = 0
    heard: int = 0
    """How many attempts of the target had ended when it was heard of last."""
    error: str = ""
    error_at: float | None = None
    taken_at: float | None = None

    @property
    def sound(self) -> bool:
        """Nothing speaks against trying it."""
        return self.breaker.state is BreakerState.CLOSED and self.checked.well

    def opens_at(self, now: float) -> float:
        """When an attempt may begin here; not after `now`: at once."""
        return breakers.opens_at(self.breaker, now) if self.checked.well else breakers.NEVER

    def status(self, *, with_breaker: bool) -> EndpointStatus:
        """As people see it."""
        shown = with_breaker or self.breaker.by_hand
        until = self.breaker.until
        return EndpointStatus(
            url=self.url,
            address=self.address,
            state=self._state(),
            breaker=self.breaker.state if shown else None,
            since=self.breaker.since or None,
            probe_at=until if 0 < until < breakers.NEVER else None,
            by_hand=self.breaker.by_hand,
            pending=self.pending,
            error=self.error or self.checked.error,
            error_at=self.error_at or self.checked.error_at,
            taken_at=self.taken_at,
        )

    def _state(self) -> EndpointState:
        if self.breaker.state is BreakerState.OPEN:
            return EndpointState.OPEN
        if not self.checked.well:
            return EndpointState.UNWELL
        half = self.breaker.state is BreakerState.HALF_OPEN
        return EndpointState.PROBING if half else EndpointState.WELL


@dataclass(frozen=True, slots=True)
class Place:
    """A spot with its place in the target of this plan."""

    spot: Spot
    endpoint: Endpoint
    number: int
    rank: int

    def candidate(self, ended: int) -> Candidate:
        """For the policies. ended: attempts of the target until now."""
        spot = self.spot
        return Candidate(
            self.number, self.rank, self.endpoint.weight, spot.pending, ended - spot.heard
        )


def places(target: Target, old: Sequence[Place], addresses: Addresses) -> tuple[Place, ...]:
    """The places of a target; what stood there before keeps its state."""
    known = {(place.spot.url, place.spot.address): place.spot for place in old}
    found: list[Place] = []
    for rank, endpoint in enumerate(target.endpoints):
        named = addresses.get(urlsplit(endpoint.url).hostname or "", ())
        for address in (named if target.resolve_all else ()) or ("",):
            label = f"{endpoint.url} [{address}]" if address else endpoint.url
            spot = known.get((endpoint.url, address)) or Spot(endpoint.url, address, label)
            if target.health is None:
                spot.checked = health.Checked()
            found.append(Place(spot, endpoint, len(found), rank))
    return tuple(found)
