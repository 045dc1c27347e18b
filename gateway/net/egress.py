"""Outgoing HTTP: one request, one deadline, a bounded answer, errors of a closed list.

No redirects, no cookies, no proxies from the environment, no second sending by the client: whether
something is tried again is `delivery`'s decision alone.
"""

import asyncio
import ssl
import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final, Literal
from urllib.parse import urlencode

from gateway.errors import GatewayError, forget_frames
from gateway.model.record import record
from gateway.model.states import ErrorClass
from gateway.net.dial import ConnectTimeout, Dialer
from gateway.net.failures import classify
from gateway.net.http1 import HeadTooLarge, Reply
from gateway.net.place import head, place
from gateway.net.pool import Pool

ANSWER_MAX: Final = 64 * 1024
EXCERPT: Final = 1024
CONNECT: Final = 10.0
"""Seconds to connect for a document."""
_FAILURES: Final = (OSError, ValueError, HeadTooLarge)


@record
class Call:
    """One request to be made. Seconds and bytes."""

    url: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    timeout: float
    connect_timeout: float
    address: str = ""
    """Where to connect to, of all that the URL's name has; empty: any. The name itself is in Host
    and in TLS all the same."""
    answer_most: int = ANSWER_MAX
    """Of the answer that are read at most."""
    method: Literal["POST", "GET"] = "POST"
    tls: ssl.SSLContext | None = None
    """Whose certificates count there and who we are; the system's, and nobody, unless given."""


@record
class Answer:
    """What came of it: a status, or an error class with a message for a person."""

    status: int | None
    error: ErrorClass | None
    message: str
    excerpt: bytes
    duration: float
    retry_after: str | None = None


class FetchFailed(GatewayError):
    """A document could not be fetched. Names no URL.

    excerpt: of an answer that was not 200. It may hold anything: show nothing of it unread.
    """

    def __init__(self, message: str, excerpt: bytes = b"") -> None:
        super().__init__(message)
        self.excerpt = excerpt


# GitHub answers 403 to whoever does not name himself (docs.github.com, REST, user agent).
NAMED: Final = (("Accept", "application/json"), ("User-Agent", "webhook-gateway"))


class Egress:
    """The process's way out. `close` it once at the end."""

    def __init__(self, trust: ssl.SSLContext | None = None) -> None:
        """Needs a running loop. trust: whose certificates count; the system's unless given."""
        self._loop = asyncio.get_running_loop()
        self._trust = trust or ssl.create_default_context()
        self._pool = Pool(Dialer())

    async def send(self, call: Call) -> Answer:
        """Makes one request. Never raises but for cancellation."""
        started = time.perf_counter()
        try:
            reply = await self._exchange(call, keep=EXCERPT)
        except _FAILURES as error:
            kind, message = classify(error)
            forget_frames(error)
            # A status without the end of its answer is no answer: the service may not have it.
            return Answer(None, kind, message, b"", time.perf_counter() - started)
        took = time.perf_counter() - started
        return Answer(reply.status, None, "", reply.body, took, reply.retry_after)

    async def fetch(
        self,
        url: str,
        *,
        at_most: int,
        seconds: float,
        form: Sequence[tuple[str, str]] = (),
        headers: Sequence[tuple[str, str]] = NAMED,
        tls: ssl.SSLContext | None = None,
    ) -> bytes:
        """The whole document at a URL, which must answer 200 itself.

        at_most: bytes. seconds: for all of it. form: is POSTed; without it, GET. Raises
        `FetchFailed`.
        """
        if form:
            headers = [*headers, ("Content-Type", "application/x-www-form-urlencoded")]
        call = Call(
            url, headers, urlencode(form).encode(), seconds, min(seconds, CONNECT),
            answer_most=at_most, method="POST" if form else "GET", tls=tls,
        )  # fmt: skip
        try:
            reply = await self._exchange(call, keep=at_most)
        except _FAILURES as error:
            raise FetchFailed(classify(error)[1]) from None
        if reply.status != HTTPStatus.OK:
            raise FetchFailed(f"the answer was {reply.status}", reply.body[:EXCERPT])
        if not reply.whole:
            raise FetchFailed(f"the answer is over {at_most} bytes")
        return reply.body

    async def _exchange(self, call: Call, *, keep: int) -> Reply:
        """One request, and no second one whatever becomes of it."""
        until = self._loop.time() + call.timeout
        where = place(call.url, call.address)
        tls = (call.tls or self._trust) if where.tls else None
        posts = call.method == "POST"
        lines = head(call.method, where, call.headers, len(call.body) if posts else None)
        connection = self._pool.kept(where, tls)
        if connection is None:
            try:
                async with asyncio.timeout_at(until):
                    connection = await self._pool.dial(where, tls, call.connect_timeout)
            except TimeoutError as error:  # a name that nobody answers for is one too
                raise ConnectTimeout from error
        request = (lines, call.body) if posts and call.body else (lines,)
        try:
            reply = await connection.exchange(
                request, keep=keep, at_most=call.answer_most, until=until
            )
        except BaseException:
            connection.abort()
            raise
        self._pool.give(where, tls, connection)
        return reply

    async def close(self) -> None:
        """Closes every idle connection."""
        self._pool.close()
