"""From a URL's host to a connected, allowed, perhaps encrypted connection.

Forbidden addresses are sorted out before any socket is made, and the connected socket is looked at
once more, so that neither a name nor a second answer of a DNS server leads to one.
"""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any, Final

from aiohappyeyeballs import start_connection

from gateway.net.guards import forbidden
from gateway.net.http1 import Connection
from gateway.net.place import Place

NAMES_KEPT: Final = 10.0
"""Seconds for which a name's addresses are believed, as aiohttp does."""
_NAMES_MOST: Final = 1000
_STAGGER: Final = 0.25
"""Seconds until the next address is tried beside a slow one (RFC 8305, 5)."""
_NEVER: Final = "link-local and metadata addresses are never called"
_Infos = Sequence[Any]  # what getaddrinfo gives


class Forbidden(ConnectionError):
    """The name leads only to addresses of `guards.FORBIDDEN`."""

    def __init__(self) -> None:
        super().__init__(_NEVER)


class NoHost(ValueError):
    """The URL names no host."""


class ConnectTimeout(TimeoutError):
    """No connection in time, TLS's first words included."""


class Dialer:
    """Connects. Keeps names for some seconds."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, int], tuple[float, asyncio.Task[_Infos]]] = {}

    async def dial(self, place: Place, tls: ssl.SSLContext | None, seconds: float) -> Connection:
        """A connection that nothing was sent on. seconds: to connect, once the name is known.

        Raises `Forbidden`, `NoHost`, `ConnectTimeout`, `OSError` (`socket.gaierror`, `ssl.SSLError`).
        """
        found = await self._addresses(place.address or place.host, place.port)
        allowed = [info for info in found if not forbidden(info[4])]
        if not allowed:
            raise Forbidden
        try:
            async with asyncio.timeout(seconds):
                return await self._connect(place, tls, allowed)
        except TimeoutError as error:
            raise ConnectTimeout from error

    async def _connect(self, place: Place, tls: ssl.SSLContext | None, infos: _Infos) -> Connection:
        sock = await start_connection(infos, happy_eyeballs_delay=_STAGGER)
        try:
            if forbidden(sock.getpeername()):
                raise Forbidden
            _, connection = await asyncio.get_running_loop().create_connection(
                Connection,
                sock=sock,
                ssl=tls,
                server_hostname=place.host.rstrip(".") if tls else None,
            )
        except BaseException:
            sock.close()
            raise
        return connection

    async def _addresses(self, host: str, port: int) -> _Infos:
        if not host:
            raise NoHost
        try:
            family = socket.AF_INET6 if ip_address(host.partition("%")[0]).version == 6 else 0
        except ValueError:
            if ":" in host or host.replace(".", "").isdigit():
                raise NoHost from None  # an address that some resolvers read, each in its own way
            return await self._named(host, port)
        return await asyncio.get_running_loop().getaddrinfo(
            host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )

    async def _named(self, host: str, port: int) -> _Infos:
        """One question at a time for each name, however many attempts wait for its answer."""
        loop = asyncio.get_running_loop()
        kept = self._names.get((host, port))
        if kept is None or kept[0] < loop.time() or _failed(kept[1]):
            if len(self._names) >= _NAMES_MOST:
                self._names.clear()
            asked = loop.create_task(_ask(host, port))
            asked.add_done_callback(_failed)  # heard of, though every attempt may be gone by then
            kept = self._names[host, port] = (loop.time() + NAMES_KEPT, asked)
        return await asyncio.shield(kept[1])


async def _ask(host: str, port: int) -> _Infos:
    return await asyncio.get_running_loop().getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
    )


def _failed(task: "asyncio.Task[_Infos]") -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
