"""The public listener: makes a `Connection` for each that comes."""

import asyncio
import socket
from collections.abc import Callable
from typing import NoReturn

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from gateway.ingest.connection import Connection
from gateway.ingest.judge import Judge
from gateway.ingest.turns import Turns

HEADERS_DEADLINE = 10.0
"""Seconds from the first byte of a request (or the start of a connection) to its headers' end."""
KEEP_ALIVE = 75.0
"""Seconds an idle connection is kept; longer than nginx keeps its own (60 s), so that it is never
us who close one that nginx is about to use."""

CONNECTIONS = 4096
"""At once. Each idle one costs about 8 KiB and a descriptor."""
BACKLOG = 4096
"""Connections that wait to be taken. Said by the loop anew, which would say 100: of who comes past
them the system drops the first packet, and it is sent again only after a second."""
_ROOM = 32
"""One of so many connections is closed at once where room is needed, so that looking for the ones
that wait the longest is rare."""


class PublicServer(web.Server):
    """Makes connections; `loop.create_server(server, …)` is all that is left to do."""

    def __init__(
        self,
        judge: Judge,
        *,
        headers: float = HEADERS_DEADLINE,
        keep_alive: float = KEEP_ALIVE,
        connections: int = CONNECTIONS,
    ) -> None:
        """headers, keep_alive: seconds. connections: at most so many."""
        super().__init__(_unused)
        self._most = connections
        self._judge = judge
        self._turns = Turns(self._loop)
        self._headers = headers
        self._keep_alive = keep_alive
        self._stopping = False

    def __call__(self) -> RequestHandler:
        return Connection(
            self,
            self._loop,
            self._turns,
            self._judge,
            headers=self._headers,
            keep_alive=self._keep_alive,
        )

    def pre_shutdown(self) -> None:
        """Ends idle connections at once, and those that come while the loop closes the listener."""
        self._stopping = True
        super().pre_shutdown()

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """Counts one more. Where there are too many, those go that have said nothing the longest,
        first those that never did; where all are being answered, the new one is turned away."""
        super().connection_made(handler, transport)
        if self._stopping:
            handler.close()
        if len(self._connections) <= self._most or not isinstance(handler, Connection):
            return
        idle = [
            one
            for one in self._connections
            if one is not handler and isinstance(one, Connection) and one.idle_since is not None
        ]
        if not idle:
            handler.turn_away(transport)
        idle.sort(key=lambda one: (one.has_asked, one.idle_since or 0.0))
        for one in idle[: 1 + self._most // _ROOM]:
            one.force_close()


async def _unused(_: web.BaseRequest) -> NoReturn:
    """aiohttp wants a handler; `Connection` does without."""
    raise NotImplementedError


async def listen(server: PublicServer, bound: socket.socket) -> asyncio.Server:
    """Serves on a bound socket, TCP or Unix."""
    loop = asyncio.get_running_loop()
    factory: Callable[[], asyncio.BaseProtocol] = server
    if bound.family == socket.AF_UNIX:
        return await loop.create_unix_server(factory, sock=bound, backlog=BACKLOG)
    return await loop.create_server(factory, sock=bound, backlog=BACKLOG)
