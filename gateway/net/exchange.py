"""One request over one of aiohttp's connections, and its answer.

aiohttp connects, keeps connections, does TLS and parses; its session's objects of a request, its
writer and a response are not used: they cost twice as much as all of that (docs/performance.md),
and cookies, redirects, proxies and compression are what we never want.
"""

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import aiohttp
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import BaseConnector, Connection
from aiohttp.http import RawResponseMessage
from aiohttp.streams import StreamReader
from yarl import URL

EXCERPT: Final = 1024
"""Bytes of an answer that are kept."""
_SWITCHING: Final = 101
_FINAL: Final = 200


class Destination:
    """Where requests go, with all that does not change from one to the next."""

    __slots__ = ("head", "request", "timeout")

    def __init__(
        self,
        method: Literal["POST", "GET"],
        url: str,
        address: str,
        tls: ssl.SSLContext | Literal[True],
        connect_timeout: float,
    ) -> None:
        """address: where to connect to, of all that the URL's name has; empty: any. The name itself
        is in Host and in TLS all the same. Needs a running loop. Raises ValueError."""
        named = URL(url)
        where, name = (named.with_host(address), named.raw_host) if address else (named, None)
        self.request = ClientRequest(
            method, where, loop=asyncio.get_running_loop(), ssl=tls, server_hostname=name
        )
        """What aiohttp's connector asks for the place and its TLS; it is never sent."""
        self.timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect_timeout)
        host = named.host_port_subcomponent or ""
        self.head = f"{method} {named.raw_path_qs} HTTP/1.1\r\nHost: {host}\r\n".encode()


@dataclass(frozen=True, slots=True)
class Said:
    """An answer, whole or cut."""

    status: int
    retry_after: str | None
    excerpt: bytes
    """The first of its body."""


class Exchange:
    """One request and its answer."""

    __slots__ = ("_connector", "connected")

    def __init__(self, connector: BaseConnector) -> None:
        self._connector = connector
        self.connected = False
        """Whether a connection was there in time."""

    async def make(
        self, to: Destination, headers: Sequence[tuple[str, str]], body: bytes, most: int
    ) -> Said:
        """Sends, and reads `most` bytes of the answer's body at most.

        Raises aiohttp's errors, OSError, and ValueError for a header that is none.
        """
        head = _head(to, headers, body)
        connection = await self._connector.connect(to.request, [], to.timeout)
        self.connected = True
        try:
            _write(connection, head, body)
            message, payload = await _answer(connection)
            excerpt, whole = await read(payload, most)
        except BaseException:
            connection.close()
            raise
        transport = connection.transport
        if whole and transport is not None and not transport.get_write_buffer_size():
            connection.release()
        else:
            connection.close()  # the rest is not wanted, or the request was not: nor is it
        return Said(message.code, message.headers.get("Retry-After"), excerpt)


def _head(to: Destination, headers: Sequence[tuple[str, str]], body: bytes) -> bytes:
    lines = [f"{name}: {value}" for name, value in headers]
    text = "".join(lines)
    if "\r" in text or "\n" in text or "\0" in text:
        raise ValueError("a header would end its line")
    lines = [f"{line}\r\n" for line in lines]
    if not any(name.lower() == "accept" for name, _ in headers):
        lines.append("Accept: */*\r\n")
    if to.request.method == "POST":
        lines.append(f"Content-Length: {len(body)}\r\n")
    return b"%b%b\r\n" % (to.head, "".join(lines).encode())


def _write(connection: Connection, head: bytes, body: bytes) -> None:
    protocol, transport = connection.protocol, connection.transport
    if protocol is None or transport is None:
        raise aiohttp.ServerDisconnectedError
    protocol.set_response_params(read_until_eof=True, auto_decompress=False)
    # An answer that comes before the whole request is written is read all the same.
    transport.writelines([head, body] if body else [head])


async def _answer(connection: Connection) -> tuple[RawResponseMessage, StreamReader]:
    """The final answer's head; what comes before it is none (RFC 9110, 15.2)."""
    protocol = connection.protocol
    if protocol is None:
        raise aiohttp.ServerDisconnectedError
    while True:
        message, payload = await protocol.read()
        if message.code >= _FINAL or message.code == _SWITCHING:
            return message, payload


async def read(payload: StreamReader, most: int) -> tuple[bytes, bool]:
    """The first bytes of a body, and whether all of it came."""
    if payload.is_eof() and payload.exception() is None:
        whole = payload.read_nowait(-1)
        return whole[:EXCERPT], len(whole) <= most
    kept = bytearray()
    size = 0
    async for chunk in payload.iter_any():
        size += len(chunk)
        if len(kept) < EXCERPT:
            kept += chunk[: EXCERPT - len(kept)]
        if size > most:
            return bytes(kept), False
    return bytes(kept), True
