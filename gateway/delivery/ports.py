"""What delivery asks of the rest of the gateway, as small protocols: `app` plugs the real ones in."""

import asyncio
from typing import Protocol

from gateway.model.record import record
from gateway.net.egress import Call
from gateway.net.sending import Answer


class Sender(Protocol):
    """The way out."""

    def send(self, call: Call) -> "asyncio.Future[Answer]":
        """Begins one POST. It has an answer whatever comes of it; it can be canceled."""
        ...


class Metrics(Protocol):
    """Counters of delivery."""

    def delivered(self, target: str) -> None:
        """A target took a delivery."""
        ...

    def attempted(self, target: str, result: str, seconds: float) -> None:
        """One attempt ended."""
        ...


@record
class AttemptLine:
    """What the log says of one attempt. Holds no header and no body."""

    event_id: str
    delivery: str
    route: str
    target: str
    endpoint: str
    number: int
    status: int | None
    error: str
    state: str
    seconds: float
