"""Outgoing HTTP: one request, one deadline, a bounded answer, errors of a closed list.

No redirects, no cookies, no proxies from the environment, no second sending by the client: whether
something is tried again is `delivery`'s decision alone.
"""

import asyncio
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Literal
from urllib.parse import urlencode

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from gateway.errors import GatewayError
from gateway.model.states import ErrorClass
from gateway.net.connector import GuardedConnector, socket_for
from gateway.net.exchange import EXCERPT, Destination, Exchange, read
from gateway.net.failures import NOT_IN_TIME, classify

ANSWER_MAX: Final = 64 * 1024
_DESTINATIONS: Final = 1024
"""Places remembered; beyond that all are forgotten, which costs some microseconds each."""


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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
        self._trust: ssl.SSLContext | Literal[True] = trust or True
        self._destinations: dict[object, Destination] = {}
        self._connector = GuardedConnector(
            limit=0, limit_per_host=0, keepalive_timeout=30, socket_factory=socket_for
        )
        self._session = aiohttp.ClientSession(
            connector=self._connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            raise_for_status=False,
            skip_auto_headers=("User-Agent", "Accept-Encoding", "Content-Type"),
        )

    async def send(self, call: Call) -> Answer:
        """Makes one request. Never raises but for cancellation."""
        started = time.perf_counter()
        exchange = Exchange(self._connector)
        try:
            async with asyncio.timeout(call.timeout):
                to = self._destination(call)
                said = await exchange.make(to, call.headers, call.body, call.answer_most)
            took = time.perf_counter() - started
            return Answer(said.status, None, "", said.excerpt, took, said.retry_after)
        except (aiohttp.ClientError, HttpProcessingError, OSError, ValueError) as error:
            kind, message = classify(error)
            if kind is ErrorClass.TIMEOUT and not exchange.connected:
                kind, message = ErrorClass.CONNECT_TIMEOUT, NOT_IN_TIME
            took = time.perf_counter() - started
            # A status without the end of its answer is no answer: the service may not have it.
            return Answer(None, kind, message, b"", took)

    def _destination(self, call: Call) -> Destination:
        """Made once for each place that is called: it costs more than the call. Raises ValueError."""
        key = (call.method, call.url, call.address, call.tls, call.connect_timeout)
        found = self._destinations.get(key)
        if found is None:
            if len(self._destinations) >= _DESTINATIONS:
                self._destinations.clear()
            found = self._destinations[key] = Destination(
                call.method, call.url, call.address, call.tls or self._trust, call.connect_timeout
            )
        return found

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
        timeout = aiohttp.ClientTimeout(total=seconds)
        if form:
            headers = [*headers, ("Content-Type", "application/x-www-form-urlencoded")]
        try:
            async with self._session.request(
                "POST" if form else "GET",
                url,
                data=urlencode(form).encode() if form else None,
                headers=headers,
                allow_redirects=False,
                timeout=timeout,
                ssl=tls or self._trust,
            ) as answer:
                if answer.status != HTTPStatus.OK:
                    excerpt, _ = await read(answer.content, EXCERPT)
                    answer.close()
                    raise FetchFailed(f"the answer was {answer.status}", excerpt)
                kept = bytearray()
                async for chunk in answer.content.iter_any():
                    kept += chunk
                    if len(kept) > at_most:
                        answer.close()
                        raise FetchFailed(f"the answer is over {at_most} bytes")
                return bytes(kept)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise FetchFailed(classify(error)[1]) from None

    async def close(self) -> None:
        """Closes every connection."""
        await self._session.close()
