"""A request and its answer on either side of the seam: nothing here knows an HTTP library."""

from typing import Protocol

from gateway.model.record import record
from gateway.model.request import Headers


class BodyBroken(Exception):
    """The body will never be whole: broken framing, or the sender went away."""


class BodyStream(Protocol):
    """A body on its way in."""

    def whole(self) -> bytes | None:
        """The whole body if it has arrived already; it can be had once. None: read by `chunk`."""
        ...

    async def chunk(self) -> bytes:
        """What came next; b"" at the end. Raises `BodyBroken`."""
        ...

    async def proceed(self) -> None:
        """Tells a sender that asked (`Expect: 100-continue`) to send the body."""
        ...


class NoBody:
    """A body that is not there."""

    def whole(self) -> bytes | None:
        """Nothing, at once."""
        return b""

    async def chunk(self) -> bytes:
        """The end."""
        return b""

    async def proceed(self) -> None:
        """Nobody waits."""


@record
class Parts:
    """A request whose headers are complete."""

    method: str
    target: str
    """As sent: the path, undecoded, with the query."""
    headers: Headers
    peer: str | None
    """The connection's other end; None for a Unix socket."""
    body: BodyStream

    @classmethod
    def nothing(cls, peer: str | None) -> "Parts":
        """What is known of a request that could not be read."""
        return cls("", "", Headers(()), peer, NoBody())


@record
class Answer:
    """What goes back."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    close: bool = False
    """Whether the connection is of no more use: the rest of the body is not wanted."""
