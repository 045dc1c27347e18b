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

from gateway.errors import GatewayError
from gateway.model.record import record
from gateway.net.dial import ConnectTimeout, Dialer
from gateway.net.place import head, lines, place
from gateway.net.pool import Pool
from gateway.net.sending import Answer, Outgoing, Sending, failure

ANSWER_MAX: Final = 64 * 1024
EXCERPT: Final = 1024
CONNECT: Final = 10.0
"""Seconds to connect for a document."""


@record
class Call:
    """One request to be made. Seconds and bytes."""

    url: str
    headers: str
    """As `place.lines` has them."""
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

    def send(self, call: Call) -> "asyncio.Future[Answer]":
        """Begins one request. It has an answer whatever comes of it; to cancel it ends its
        connection."""
        return self._begin(call, EXCERPT)

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
        try:
            said = lines(headers)
        except ValueError as error:
            raise FetchFailed(str(error)) from None
        call = Call(
            url, said, urlencode(form).encode(), seconds, min(seconds, CONNECT),
            answer_most=at_most, method="POST" if form else "GET", tls=tls,
        )  # fmt: skip
        answer = await self._begin(call, at_most)
        if answer.status is None:
            raise FetchFailed(answer.message)
        if answer.status != HTTPStatus.OK:
            raise FetchFailed(f"the answer was {answer.status}", answer.excerpt[:EXCERPT])
        if not answer.whole:
            raise FetchFailed(f"the answer is over {at_most} bytes")
        return answer.excerpt

    def _begin(self, call: Call, keep: int) -> "asyncio.Future[Answer]":
        """One request, and no second one whatever becomes of it. keep: bytes of the answer."""
        began, until = time.perf_counter(), self._loop.time() + call.timeout
        posts = call.method == "POST"
        try:
            where = place(call.url, call.address)
            start = head(call.method, where, call.headers, len(call.body) if posts else None)
        except ValueError as error:
            refused: asyncio.Future[Answer] = self._loop.create_future()
            refused.set_result(failure(error, began))
            return refused
        tls = (call.tls or self._trust) if where.tls else None
        parts = (start, call.body) if posts and call.body else (start,)
        out = Outgoing(where, tls, parts, keep, call.answer_most, began, until)
        connection = self._pool.kept(where, tls)
        if connection is None:
            return self._loop.create_task(self._dialed(out, call.connect_timeout))
        return Sending(out, connection, self._pool)

    async def _dialed(self, out: Outgoing, seconds: float) -> Answer:
        """Over a new connection. seconds: to connect."""
        try:
            async with asyncio.timeout_at(out.until):
                connection = await self._pool.dial(out.where, out.tls, seconds)
        except TimeoutError:  # a name that nobody answers for is one too
            return failure(ConnectTimeout(), out.began)
        except (OSError, ValueError) as error:
            return failure(error, out.began)
        return await Sending(out, connection, self._pool)

    async def close(self) -> None:
        """Closes every idle connection."""
        self._pool.close()
