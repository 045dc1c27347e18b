"""Connections that are kept for the next request to the same place."""

import asyncio
import ssl
from collections import deque
from typing import Final

from gateway.net.dial import Dialer
from gateway.net.http1 import Connection
from gateway.net.place import Key, Place

KEPT: Final = 30.0
"""Seconds for which an idle connection is kept."""


_Key = tuple[Key, ssl.SSLContext | None]
"""Connections with other certificates are others, whoever the server is."""


class Pool:
    """Needs a running loop. `close` once at the end."""

    def __init__(self, dialer: Dialer) -> None:
        self._dialer = dialer
        self._loop = asyncio.get_running_loop()
        self._idle: dict[_Key, deque[tuple[float, Connection]]] = {}
        self._sweeper: asyncio.TimerHandle | None = None

    def kept(self, place: Place, tls: ssl.SSLContext | None) -> Connection | None:
        """A connection to a place that is still good, if one is kept."""
        idle = self._idle.get((place.key, tls))
        while idle:
            since, connection = idle.pop()  # the latest: the earlier ones may grow old and go
            if connection.usable and since > self._loop.time() - KEPT:
                return connection
            connection.abort()
        return None

    async def dial(self, place: Place, tls: ssl.SSLContext | None, seconds: float) -> Connection:
        """A new connection. seconds: to connect. Raises what `Dialer.dial` raises."""
        return await self._dialer.dial(place, tls, seconds)

    def give(self, place: Place, tls: ssl.SSLContext | None, connection: Connection) -> None:
        """Takes back a connection whose exchange is over."""
        if not connection.usable:
            connection.abort()
            return
        idle = self._idle.get((place.key, tls))
        if idle is None:
            idle = self._idle[place.key, tls] = deque()
        idle.append((self._loop.time(), connection))
        if self._sweeper is None:
            self._sweeper = self._loop.call_later(KEPT, self._sweep)

    def _sweep(self) -> None:
        """Closes what is idle for too long, and looks again as long as there is anything."""
        oldest = self._loop.time() - KEPT
        for key, idle in list(self._idle.items()):
            while idle and (idle[0][0] <= oldest or not idle[0][1].usable):
                idle.popleft()[1].abort()
            if not idle:
                del self._idle[key]
        again = bool(self._idle)
        self._sweeper = self._loop.call_later(KEPT / 2, self._sweep) if again else None

    def close(self) -> None:
        """Closes every idle connection; one in use ends with its exchange."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        for idle in self._idle.values():
            for _, connection in idle:
                connection.abort()
        self._idle.clear()
