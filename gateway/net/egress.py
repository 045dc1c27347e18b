"""Outgoing HTTP: one request, one deadline, a bounded answer, errors of a closed list.

No redirects, no cookies, no proxies from the environment, no second sending by the client: whether
something is tried again is `delivery`'s decision alone.
"""

import asyncio
import errno
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Literal
from urllib.parse import urlencode

import aiohttp
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import AddrInfoType, Connection
from aiohttp.tracing import Trace
from yarl import URL

from gateway.errors import GatewayError
from gateway.model.states import ErrorClass
from gateway.net.guards import forbidden

ANSWER_MAX: Final = 64 * 1024
EXCERPT: Final = 1024


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
_TOO_LONG: Final = ("when reading", "Too many headers")
"""How aiohttp says that an answer's head is past its limits; it has no class of its own for it."""
_NEVER: Final = "link-local and metadata addresses are never called"


class _Forbidden(aiohttp.ClientConnectionError):
    """The socket is connected to an address of `guards.FORBIDDEN`."""


def _socket_for(address: AddrInfoType) -> socket.socket:
    """A socket to be connected there. Raises where no socket may be connected to.

    The names' addresses come here one by one, so that nothing knocks at a forbidden one, not even
    with TLS's first words.
    """
    family, kind, protocol, _, where = address
    if forbidden(where):
        raise PermissionError(errno.EACCES, _NEVER)
    return socket.socket(family, kind, protocol)


class _GuardedConnector(aiohttp.TCPConnector):
    """Looks at the connected socket too, before a request is written to it."""

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  # aiohttp's own signature
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        transport = connection.transport
        if transport is not None and forbidden(transport.get_extra_info("peername")):
            connection.close()
            raise _Forbidden(_NEVER)
        return connection


class Egress:
    """The process's way out. `close` it once at the end."""

    def __init__(self, trust: ssl.SSLContext | None = None) -> None:
        """Needs a running loop. trust: whose certificates count; the system's unless given."""
        self._trust = trust or True
        self._session = aiohttp.ClientSession(
            connector=_GuardedConnector(
                limit=0,
                limit_per_host=0,
                keepalive_timeout=30,
                socket_factory=_socket_for,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            raise_for_status=False,
            skip_auto_headers=("User-Agent", "Accept-Encoding", "Content-Type"),
        )

    async def send(self, call: Call) -> Answer:
        """Makes one request. Never raises but for cancellation."""
        started = time.perf_counter()
        timeout = aiohttp.ClientTimeout(total=call.timeout, sock_connect=call.connect_timeout)
        status: int | None = None
        url: str | URL = call.url
        headers, name = call.headers, None
        try:
            if call.address:
                url, headers, name = _pinned(call)
            async with self._session.request(
                call.method,
                url,
                data=call.body if call.method == "POST" else None,
                headers=headers,
                allow_redirects=False,
                timeout=timeout,
                server_hostname=name,
                ssl=call.tls or self._trust,
            ) as answer:
                status = answer.status
                retry_after = answer.headers.get("Retry-After")
                excerpt, whole = await _read(answer, call.answer_most)
                if not whole:
                    answer.close()  # the rest is not wanted, and nor is the connection
            took = time.perf_counter() - started
            return Answer(status, None, "", excerpt, took, retry_after)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            kind, message = classify(error)
            took = time.perf_counter() - started
            # A status without the end of its answer is no answer: the service may not have it.
            return Answer(None, kind, message, b"", took)

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
                    excerpt, _ = await _read(answer, EXCERPT)
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


def _pinned(call: Call) -> tuple[URL, Sequence[tuple[str, str]], str]:
    """A call's URL with the address in it, its headers with the name, and the name TLS asks for."""
    url = URL(call.url)
    host = url.host_port_subcomponent or ""
    return url.with_host(call.address), [*call.headers, ("Host", host)], url.raw_host or ""


async def _read(answer: aiohttp.ClientResponse, most: int) -> tuple[bytes, bool]:
    kept = bytearray()
    size = 0
    async for chunk in answer.content.iter_any():
        size += len(chunk)
        if len(kept) < EXCERPT:
            kept += chunk[: EXCERPT - len(kept)]
        if size > most:
            return bytes(kept), False
    return bytes(kept), True


def classify(error: BaseException) -> tuple[ErrorClass, str]:
    """The class of a failure, and what a person reads. Names no URL and no header."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return ErrorClass.CONNECT_TIMEOUT, "no connection in time"
    if isinstance(error, asyncio.TimeoutError):
        return ErrorClass.TIMEOUT, "no whole answer in time"
    if isinstance(error, _Forbidden):
        return ErrorClass.REFUSED, str(error)
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLCertVerificationError):
        return _certificate(getattr(error, "certificate_error", error))
    if isinstance(error, aiohttp.InvalidURL):
        return ErrorClass.DNS, "the URL names no host"
    if isinstance(error, aiohttp.ClientConnectorDNSError | socket.gaierror):
        return ErrorClass.DNS, "the name does not resolve"
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return ErrorClass.TLS, "TLS could not be agreed on"
    if isinstance(error, aiohttp.ClientConnectorError):
        return _unconnected(error.os_error)
    if isinstance(error, aiohttp.ClientResponseError) and any(
        words in error.message for words in _TOO_LONG
    ):
        return ErrorClass.TOO_LARGE, "the answer's head is too large"
    return ErrorClass.RESET, "the connection broke before the whole answer was there"


def _unconnected(error: OSError) -> tuple[ErrorClass, str]:
    if isinstance(error, ConnectionRefusedError):
        return ErrorClass.REFUSED, "nothing listens there"
    if isinstance(error, TimeoutError):
        return ErrorClass.CONNECT_TIMEOUT, "no connection in time"
    if isinstance(error, ConnectionError):
        return ErrorClass.RESET, "the connection broke before it was made"
    return ErrorClass.REFUSED, error.strerror or "no connection"


def _certificate(error: BaseException) -> tuple[ErrorClass, str]:
    text = str(error)
    if "expired" in text or "not yet valid" in text:
        return ErrorClass.TLS_EXPIRED, "the certificate is out of date"
    if "ostname mismatch" in text or "IP address mismatch" in text:
        return ErrorClass.TLS_NAME, "the certificate is for another name"
    return ErrorClass.TLS, "the certificate is not trusted"
