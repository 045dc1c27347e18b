"""The skin over aiohttp's low-level server: its requests to `Parts`, `Answer` to its responses.

No rule of ours lives here, and nothing of aiohttp's goes further: not its error pages, not its
logging of broken requests, not its unpacking of bodies.
"""

import asyncio
import socket
from collections.abc import Callable

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestHandler
from multidict import CIMultiDict

from gateway.ingest.judge import Judge
from gateway.ingest.parts import Answer, BodyBroken, Parts
from gateway.model.request import Headers

HEADERS_DEADLINE = 10.0
"""Seconds from the first byte of a request (or the start of a connection) to its headers' end."""
KEEP_ALIVE = 75.0
"""Seconds an idle connection is kept; longer than nginx keeps its own (60 s), so that it is never
us who close one that nginx is about to use."""
_LINGER = 2.0
"""Seconds in which the rest of an unwanted body is thrown away, so that its sender reads why."""
_READ_BUFFER = 64 * 1024
"""Bytes: twice as many may wait for each connection before its sender is made to wait."""
_HEALTHZ = "/healthz"
_ALIVE = Answer(200, (("Content-Type", "text/plain; charset=utf-8"),), b"ok\n")
_NOT_THAT_WAY = Answer(
    405, (("Content-Type", "text/plain; charset=utf-8"), ("Allow", "GET, HEAD")), b""
)


class _Body:
    """aiohttp's stream as a `BodyStream`."""

    __slots__ = ("_request",)

    def __init__(self, request: web.BaseRequest) -> None:
        self._request = request

    def whole(self) -> bytes | None:
        content = self._request.content
        if not content.is_eof() or content.exception() is not None:
            return None
        return content.read_nowait(-1)

    async def chunk(self) -> bytes:
        try:
            return await self._request.content.readany()
        except (web.RequestPayloadError, HttpProcessingError):
            raise BodyBroken("the body's framing is broken") from None
        except (ConnectionError, asyncio.IncompleteReadError):
            raise BodyBroken("the sender went away before the body was whole") from None

    async def proceed(self) -> None:
        # RFC 9110, 10.1.1; aiohttp leaves it to whoever uses its low-level server.
        if self._request.headers.get("Expect", "").lower() != "100-continue":
            return
        if self._request.version < (1, 1):
            return
        try:
            await self._request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        except ConnectionError:
            raise BodyBroken("the sender went away before the body was whole") from None
        # aiohttp takes written bytes for the beginning of the response.
        self._request.writer.output_size = 0


class _Connection(RequestHandler):
    """One connection: aiohttp's, with a deadline for headers and our answers to broken ones."""

    __slots__ = ("_deadline", "_judge", "_seconds")

    def __init__(
        self, manager: web.Server, *, judge: Judge, seconds: float, **settings: object
    ) -> None:
        super().__init__(manager, **settings)  # type: ignore[arg-type]  # its own keyword arguments
        self._judge = judge
        self._seconds = seconds
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        before = self._request_count
        super().data_received(data)
        if self._request_count != before:
            self._disarm()
        elif self._deadline is None and self._idle():
            self._arm()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Broken HTTP: answered, counted and logged as ours, with no trace of what was sent."""
        del message  # it quotes what was sent
        kind = type(exc).__name__ if exc is not None else str(status)
        return _response(self._judge.malformed(_peer(request), f"not readable as HTTP: {kind}"))

    def _idle(self) -> bool:
        return self._waiter is not None and not self._waiter.done()

    def _arm(self) -> None:
        self._deadline = self._loop.call_later(self._seconds, self._expired)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _expired(self) -> None:
        self._deadline = None
        if self._idle():
            self.force_close()


class PublicServer(web.Server):
    """Makes connections; `loop.create_server(server, …)` is all that is left to do."""

    def __init__(
        self, judge: Judge, *, headers: float = HEADERS_DEADLINE, keep_alive: float = KEEP_ALIVE
    ) -> None:
        """headers, keep_alive: seconds."""
        super().__init__(self._handle)
        self._judge = judge
        self._headers = headers
        self._keep_alive = keep_alive

    def __call__(self) -> RequestHandler:
        return _Connection(
            self,
            judge=self._judge,
            seconds=self._headers,
            loop=self._loop,
            keepalive_timeout=self._keep_alive,
            access_log=None,
            auto_decompress=False,
            lingering_time=_LINGER,
            read_bufsize=_READ_BUFFER,
        )

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.raw_path == _HEALTHZ:
            answer = _ALIVE if request.method in ("GET", "HEAD") else _NOT_THAT_WAY
            return _response(answer)
        if request.version.major != 1:
            return _response(self._judge.malformed(_peer(request), "not HTTP/1.0 or 1.1"))
        parts = Parts(
            method=request.method,
            target=request.raw_path,
            headers=Headers(request.raw_headers),
            peer=_peer(request),
            body=_Body(request),
        )
        return _response(await self._judge.receive(parts))


async def listen(server: PublicServer, bound: socket.socket) -> asyncio.Server:
    """Serves on a bound socket, TCP or Unix."""
    loop = asyncio.get_running_loop()
    factory: Callable[[], asyncio.BaseProtocol] = server
    if bound.family == socket.AF_UNIX:
        return await loop.create_unix_server(factory, sock=bound)
    return await loop.create_server(factory, sock=bound)


def _peer(request: web.BaseRequest) -> str | None:
    """The connection's other end, None for a Unix socket: its name there is a path or nothing."""
    transport = request.transport
    name = transport.get_extra_info("peername") if transport is not None else None
    return str(name[0]) if isinstance(name, tuple) else None


def _response(answer: Answer) -> web.Response:
    headers = CIMultiDict(answer.headers)
    headers["Server"] = "gateway"
    response = web.Response(status=answer.status, body=answer.body, headers=headers)
    if answer.close:
        response.force_close()
    return response
