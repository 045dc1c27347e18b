"""One connection of the public listener: from aiohttp's parsed messages to `Parts`, and back.

aiohttp parses, bounds and pauses what comes in; its objects of a request and a response, its task
for each of them, its error pages and its logging of what was sent are not used: they cost more
than the rest of the way (docs/performance.md), and nothing here needs them. No rule of ours lives
here; what a connection may send at all is `incoming`'s.
"""

import asyncio

from aiohttp import web
from aiohttp.http import HttpVersion10, HttpVersion11, RawRequestMessage
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import StreamReader

from gateway.errors import RequestRefused, forget_frames
from gateway.ingest.incoming import Incoming
from gateway.ingest.judge import Judge
from gateway.ingest.parts import Answer, BodyBroken, Parts
from gateway.ingest.response import CLOSE, CONTINUE, KEEP_ALIVE, encode
from gateway.ingest.turns import Turns
from gateway.model.outcomes import Outcome
from gateway.model.request import Headers

_LINGER = 2.0
"""Seconds in which the rest of an unwanted body is thrown away, so that its sender reads why."""
TAKING = 30.0
"""Seconds in which a sender must take an answer; nginx takes it at once."""
_PAST_ALL_NUMBERS = "Content-Length overflow"
"""llhttp's words for a length of 20 digits and more."""
_HEALTHZ = "/healthz"
_TEXT = ("Content-Type", "text/plain; charset=utf-8")
_ALIVE = Answer(200, (_TEXT,), b"ok\n")
_NOT_THAT_WAY = Answer(405, (_TEXT, ("Allow", "GET, HEAD")), b"")


class _Body:
    """aiohttp's stream as a `BodyStream`."""

    __slots__ = ("_connection", "_message", "_stream")

    def __init__(
        self, stream: StreamReader, message: RawRequestMessage, connection: "Connection"
    ) -> None:
        self._stream = stream
        self._message = message
        self._connection = connection

    def whole(self) -> bytes | None:
        stream = self._stream
        if not stream.is_eof() or stream.exception() is not None:
            return None
        return stream.read_nowait(-1)

    async def chunk(self) -> bytes:
        try:
            return await self._stream.readany()
        except (web.RequestPayloadError, HttpProcessingError):
            raise BodyBroken("the body's framing is broken") from None
        except (ConnectionError, asyncio.IncompleteReadError):
            raise BodyBroken("the sender went away before the body was whole") from None

    async def proceed(self) -> None:
        if not _expects(self._message):
            return
        try:
            self._connection.write(CONTINUE)
        except ConnectionError:
            raise BodyBroken("the sender went away before the body was whole") from None


def _expects(message: RawRequestMessage) -> bool:
    """Whether the sender waits to be asked for the body."""
    if message.version is HttpVersion10:
        return False
    return message.headers.get("Expect", "").lower() == "100-continue"


class Connection(Incoming):
    """aiohttp's connection, with our loop and our answers."""

    __slots__ = ("_judge", "_peer")

    def __init__(
        self,
        manager: web.Server,
        loop: asyncio.AbstractEventLoop,
        turns: Turns,
        judge: Judge,
        *,
        headers: float,
        keep_alive: float,
    ) -> None:
        """headers, keep_alive: seconds, see `Incoming`."""
        super().__init__(manager, loop, turns, headers=headers, keep_alive=keep_alive)
        self._judge = judge
        self._peer: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        name = transport.get_extra_info("peername")
        # Of a Unix socket the name is a path or nothing.
        self._peer = str(name[0]) if isinstance(name, tuple) else None
        super().connection_made(transport)

    def turn_away(self, transport: asyncio.Transport) -> None:
        """One connection too many: answered before it asks, and closed."""
        refusal = RequestRefused(Outcome.OVERLOADED, "too many connections, all of them at work")
        transport.write(encode(self._judge.unread(self._peer, refusal), connection=CLOSE))
        self.force_close()

    def force_close(self) -> None:
        if self.transport is not None:
            self._let_go(self.transport)
        super().force_close()

    def _let_go(self, transport: asyncio.Transport) -> None:
        """Closing waits until the sender has taken what is written: for so long, not for ever."""
        if transport.get_write_buffer_size():
            self._loop.call_later(TAKING, transport.abort)

    # ---- the requests, one after the other

    async def start(self) -> None:
        """Answers what comes until the connection is of no more use. aiohttp starts it."""
        try:
            while not self._force_close:
                if self._messages:
                    await asyncio.sleep(0)  # others first: a packet may hold thousands of requests
                elif self._unreadable is None:
                    if self._close:  # said before this began to run: nobody would wake it
                        break
                    self._waiter = self._loop.create_future()
                    await self._waiter
                    self._waiter = None
                # Nothing of a request stays in this frame while the connection is idle.
                if not await self._answer() or self._is_over():
                    break
                self._stay()
        except ConnectionError as error:
            forget_frames(error)  # The sender did not wait for its answer.
        except Exception as error:  # noqa: BLE001  # a mistake of ours costs this connection only
            self._judge.unexpected(error)
            self.force_close()
        except BaseException:
            self.force_close()
            raise
        if self.transport is not None and not self._force_close:
            self._task_handler = None
            self._let_go(self.transport)
            self.transport.close()

    async def _answer(self) -> bool:
        """Answers one request. Returns whether another may follow."""
        self._request_in_progress = True
        try:
            if not self._messages:
                self.write(encode(self._unread(), connection=CLOSE))
                return False
            message, payload = self._messages.popleft()
            if self._parser is not None:
                self._parser.message_consumed()
            if self._buffer_paused and not self._messages:
                self._resume_reading_if_drained()
            asked = self._asked(message, payload)
            answer = await self._judge.receive(asked) if isinstance(asked, Parts) else asked
            # An upgrade is never taken; what came with it may be anything, and may be lost.
            close = answer.close or message.should_close or message.upgrade or self._close
            # Who was not asked for its body may send it nevertheless, or its next request.
            close = close or (not payload.is_eof() and _expects(message))
            said = CLOSE if close else KEEP_ALIVE if message.version is HttpVersion10 else ""
            head_only = message.method == "HEAD"
            self.write(encode(answer, connection=said, head_only=head_only))
            if self._paused:
                await self._taken()
            whole = payload.is_eof() or await self._rest_read(payload)
            return whole and not close
        finally:
            self._request_in_progress = False
            if self._handler_waiter is not None and not self._handler_waiter.done():
                self._handler_waiter.set_result(None)

    def _asked(self, message: RawRequestMessage, payload: StreamReader) -> Parts | Answer:
        """A request for the judge; or the answer, if it is none."""
        version = message.version
        if message.path == _HEALTHZ:
            return _ALIVE if message.method in ("GET", "HEAD") else _NOT_THAT_WAY
        if version is not HttpVersion11 and version is not HttpVersion10:
            refusal = RequestRefused(Outcome.MALFORMED, "not HTTP/1.0 or 1.1")
            return self._judge.unread(self._peer, refusal)
        headers, body = Headers(message.raw_headers), _Body(payload, message, self)
        return Parts(message.method, message.path, headers, self._peer, body)

    def _unread(self) -> Answer:
        """To what is no HTTP. aiohttp's text quotes what was sent, so it is not said."""
        error = self._unreadable
        if str(getattr(error, "message", "")).startswith(_PAST_ALL_NUMBERS):
            refusal = RequestRefused(Outcome.TOO_LARGE, "declares more bytes than 64 bits hold")
        else:
            kind = type(error).__name__
            refusal = RequestRefused(Outcome.MALFORMED, f"not readable as HTTP: {kind}")
        return self._judge.unread(self._peer, refusal)

    def write(self, data: bytes) -> None:
        """Raises `ConnectionError`."""
        if self.transport is None:
            raise ConnectionResetError("the connection is lost")
        self.transport.write(data)

    async def _taken(self) -> None:
        """Waits a while for a sender who does not read. Raises `ConnectionError`."""
        try:
            async with asyncio.timeout(TAKING):
                await self._drain_helper()
        except TimeoutError:
            if self.transport is not None:
                self.transport.abort()
            self.force_close()
            raise ConnectionResetError("the sender does not take its answers") from None

    async def _rest_read(self, payload: StreamReader) -> bool:
        """Throws the rest of a body away for a while. Returns whether all of it came."""
        try:
            async with asyncio.timeout(_LINGER):
                while not payload.is_eof() and not self._force_close:
                    await payload.readany()
        except (TimeoutError, web.RequestPayloadError, HttpProcessingError):
            return False
        return payload.is_eof()

    def _stay(self) -> None:
        """Begins the time that an idle connection is kept."""
        at = self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        if self._keepalive_handle is None:
            self._keepalive_handle = self._loop.call_at(at, self._process_keepalive)
