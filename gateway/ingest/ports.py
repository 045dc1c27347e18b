"""What ingest asks of the rest of the gateway, as small protocols: `app` plugs the real ones in."""

from collections.abc import Callable, Sequence
from typing import Protocol

from gateway.model.record import record
from gateway.model.records import Admission, Admitted, Refused


class Metrics(Protocol):
    """Counters of the public listener."""

    def ended(self, source: str, outcome: str, seconds: float) -> None:
        """One request ended. seconds: from its headers to its answer."""
        ...


class Pauses(Protocol):
    """What a person paused, as it is known at this moment."""

    def why(self, source: str, route: str, target: str) -> str:
        """What holds a delivery (`target NAME is paused`); empty: nothing."""
        ...


class Dispatch(Protocol):
    """The dispatcher's side of an acceptance: a fresh delivery goes to it from memory."""

    def reserve(self, target: str) -> bool:
        """Whether the dispatcher has room and takes one delivery of this target: it is leased."""
        ...

    def accepted(self, admission: Admission, admitted: Sequence[Admitted]) -> None:
        """The admission is durable. The leased deliveries of its new events are the dispatcher's;
        what was reserved for duplicates is free again."""
        ...

    def failed(self, admission: Admission) -> None:
        """Nothing of the admission was kept: what was reserved for it is free again."""
        ...


@record
class RequestLine:
    """What the log says of one request. Holds no header, no body, no path."""

    request_id: str
    source: str
    method: str
    client: str
    outcome: str
    status: int
    reason: str
    """For the operator; empty where it was let in."""
    size: int
    """Bytes of the body as far as it was read."""
    seconds: float
    key: str
    """The label of the key that fitted; empty where none did."""
    events: tuple[str, ...] = ()


RefusedSink = Callable[[Refused], object]
"""Takes a refused request; must not wait and must not raise."""
Log = Callable[[RequestLine], None]
"""Writes one line for each request."""
Report = Callable[[BaseException], None]
"""Hears of an exception nobody expected; it says nothing of the request."""
