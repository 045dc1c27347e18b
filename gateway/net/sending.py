"""One request that is under way, as a future of its answer."""

import asyncio
import ssl
import time
from collections.abc import Sequence

from gateway.errors import forget_frames
from gateway.model.record import record
from gateway.model.states import ErrorClass
from gateway.net.failures import classify
from gateway.net.http1 import Connection
from gateway.net.place import Place
from gateway.net.pool import Pool


@record
class Answer:
    """What came of a request: a status, or an error class with a message for a person."""

    status: int | None
    error: ErrorClass | None
    message: str
    excerpt: bytes
    """The first bytes of the body."""
    duration: float
    retry_after: str | None = None
    whole: bool = True
    """There was no more of the body than was allowed."""


@record
class Outgoing:
    """A request, ready to be sent. Seconds and bytes."""

    where: Place
    tls: ssl.SSLContext | None
    parts: Sequence[bytes]
    keep: int
    """Of the answer's body."""
    at_most: int
    """Of the answer's body, after which the rest is not wanted."""
    began: float
    """By `time.perf_counter`."""
    until: float
    """By the loop's clock."""


class Sending(asyncio.Future["Answer"]):
    """Has an answer whatever comes. To cancel it ends its connection: what would be answered late
    must not be taken for the answer to the next request."""

    __slots__ = ("_connection", "_outgoing", "_pool")

    def __init__(self, outgoing: Outgoing, connection: Connection, pool: Pool) -> None:
        """Sends it. pool: takes the connection back."""
        super().__init__()
        self._outgoing = outgoing
        self._connection = connection
        self._pool = pool
        connection.exchange(
            outgoing.parts, self, keep=outgoing.keep, at_most=outgoing.at_most, until=outgoing.until
        )

    def cancel(self, msg: object = None) -> bool:
        """Nobody waits for the answer any more."""
        if not self.done():  # else the connection is another's by now
            self._connection.abort()
        return super().cancel(msg)

    # ---- what the connection says

    def answered(self, status: int, retry_after: str | None, body: bytes, *, whole: bool) -> None:
        """See `http1.Hears`."""
        out = self._outgoing
        self._pool.give(out.where, out.tls, self._connection)
        if not self.done():
            took = time.perf_counter() - out.began
            self.set_result(Answer(status, None, "", body, took, retry_after, whole))

    def failed(self, error: Exception) -> None:
        """See `http1.Hears`."""
        if not self.done():
            self.set_result(failure(error, self._outgoing.began))


def failure(error: Exception, began: float) -> Answer:
    """Without a status: without the end of an answer there is none, the service may not have it."""
    kind, message = classify(error)
    forget_frames(error)
    return Answer(None, kind, message, b"", time.perf_counter() - began)
