"""What a connection may send before it is answered: headers within a deadline and a size, and few
requests ahead of their answers. aiohttp's parser does the reading, and bounds each line.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

from aiohttp import web
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import HttpProcessingError, TransferEncodingError
from aiohttp.streams import EMPTY_PAYLOAD, StreamReader
from aiohttp.web_protocol import RequestHandler

from gateway.errors import forget_frames
from gateway.ingest.turns import Turns

HEADERS_MOST = 32 * 1024
"""Bytes of one request up to its headers' end, as nginx has it. aiohttp bounds each line and their
number, which would let every connection hold a megabyte for as long as its deadline."""
_READ_BUFFER = 64 * 1024
"""Bytes: twice as many may wait for each connection before its sender is made to wait."""
_FRAMING = 16
"""Bytes of chunk sizes, extensions and trailers allowed for each byte of a body: six go with a
chunk of one byte. The parser takes any number, as fast as they come, and never pauses for them."""
_FIRST = 12 * 1024
"""Bytes parsed at once where headers may be: most requests are smaller."""
_PIECE = 8 * 1024
"""Bytes of a chunked body parsed at once: a millisecond, where each chunk is one byte."""
_CRUMBS = 4 * 1024
"""Bytes of chunk framing after which a body waits for its turn: 20 senders of chunks of one byte made
a good request wait for 15 seconds. With chunks of a kilobyte that is once in half a megabyte."""
_FRAMING_FREE = 1024 * 1024
"""Bytes before these are compared: some wait in the parser while the body is not read."""
_PIPELINED = 2
"""Requests of one connection whose headers are read before the first of them is answered."""


class Incoming(RequestHandler):
    """The reading half of a connection."""

    __slots__ = (
        "_at", "_broken", "_crumbs", "_deadline", "_ended", "_head", "_last", "_piece", "_rest",
        "_seconds", "_sent", "_turns", "_unreadable", "_waits",
    )  # fmt: skip
    _messages: deque[tuple[RawRequestMessage, StreamReader]]  # type: ignore[assignment]
    """Those whose headers are whole. What cannot be read is not among them as it is at aiohttp's."""

    def __init__(
        self,
        manager: web.Server,
        loop: asyncio.AbstractEventLoop,
        turns: Turns,
        *,
        headers: float,
        keep_alive: float,
    ) -> None:
        """headers: seconds for them to be whole. keep_alive: seconds an idle connection stays."""
        super().__init__(
            manager,
            loop=loop,
            keepalive_timeout=keep_alive,
            access_log=None,  # type: ignore[arg-type]  # None is how it is switched off
            auto_decompress=False,
            read_bufsize=_READ_BUFFER,
        )
        self._max_msg_queue_size, self._msg_queue_resume_size = _PIPELINED, 0
        self._seconds = headers
        self._deadline: asyncio.TimerHandle | None = None
        self._last: StreamReader = EMPTY_PAYLOAD
        """The body of the last request whose headers are whole."""
        self._head = 0
        """Bytes that came after that body."""
        self._sent = 0
        """Bytes that came for that body, its framing included."""
        self._rest, self._at = b"", 0
        """From this place on not parsed before what came earlier is answered, or its turn comes."""
        self._turns, self._waits = turns, False
        self._piece = _READ_BUFFER
        """Bytes of the last body that are parsed at once."""
        self._crumbs = 0
        """Bytes of its framing since it had its turn."""
        self._broken = False
        """What cannot be read as HTTP has come; nothing after it is read."""
        self._unreadable: HttpProcessingError | None = None
        """That, to be answered after what came before it."""
        self._ended = False
        """The sender has ended its side: whole requests are answered, no more come."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._disarm()
        if not self._last.is_eof():  # of the request that is answered now, or of the next one
            self._last.set_exception(ConnectionResetError("the connection is lost"))
        self._last = EMPTY_PAYLOAD  # which knows its connection as well
        super().connection_lost(exc)

    def eof_received(self) -> bool:  # type: ignore[override]  # as asyncio has it
        """Whether the connection stays open: a sender may end its side and still read (RFC 9112,
        9.6), and what it sent whole is stored, so that it must hear of it."""
        if self._idle():
            return False
        self._ended = True
        if not self._last.is_eof():
            self._last.set_exception(ConnectionResetError("the sender ended amid the body"))
        return True

    def _is_over(self) -> bool:
        """Whether nothing is left to answer, and nothing more can come."""
        return self._ended and not self._messages and self._unreadable is None

    def data_received(self, data: bytes) -> None:
        """Parses what came. aiohttp calls it with nothing when there is room again."""
        if self._force_close or self._close or self._waits:
            return  # While it waits nothing is read.
        if not data and not self._broken:
            self._feed(data)
        at = 0
        if self._rest:
            data, at, self._rest = self._rest + data, self._at, b""
        while at < len(data) and not self._broken:
            if not self._last.is_eof():
                if self._reading_paused and self._piece == _PIECE:
                    self._rest, self._at = data, at
                    return
                end = at + self._piece
                self._feed_body(data[at:end])
                if self._crumbs > _CRUMBS:
                    self._rest, self._at = data[:0] if end >= len(data) else data, end
                    self._wait()
                    return
            elif len(self._messages) < _PIPELINED:
                # No further than where they are too many.
                end = at + min(_FIRST, HEADERS_MOST + 1 - self._head)
                self._feed(data[at:end], between=True)
            else:
                self._rest, self._at = data, at
                return
            at = end

    def _feed_body(self, data: bytes) -> None:
        body, before = self._last, self._last.total_bytes
        self._feed(data)
        if self._piece == _PIECE and not body.is_eof():
            self._crumbs += len(data) - (body.total_bytes - before)

    def _wait(self) -> None:
        """Goes on when its turn comes."""
        self._crumbs = 0
        self._pause_reading_for_buffer()
        self._waits = self._turns.ask(self._go_on)
        if not self._waits:
            self._broken = True
            self._last.set_exception(TransferEncodingError("too many bodies in crumbs at once"))

    def _go_on(self) -> None:
        self._waits = False
        self._resume_reading_if_drained()

    def _resume_reading_for_buffer(self) -> None:
        """aiohttp says so when what was read ahead is answered."""
        if not self._waits:
            super()._resume_reading_for_buffer()

    def _feed(self, data: bytes, *, between: bool = False) -> None:
        """Parses one piece. between: the body of the last request was whole before it."""
        assert self._parser is not None  # noqa: S101  # one that is lost is force-closed as well
        try:
            messages, upgraded, _ = self._parser.feed_data(data)
        except HttpProcessingError as error:
            self._give_up(error)
            return
        if upgraded:
            self._upgraded = self._broken = True
        if messages:
            self._come(messages)
        elif not self._last.is_eof():
            self._sent += len(data)
            if self._sent > _FRAMING_FREE + _FRAMING * self._last.total_bytes:
                self._broken = True
                self._last.set_exception(TransferEncodingError("far more framing than body"))
        # Of the piece that ended a body nobody can say how much came after it.
        elif between:
            self._head += len(data)
            if self._head > HEADERS_MOST:
                self._head = 0
                self._feed(b"\0")  # makes broken HTTP of what came so far
            elif self._deadline is None and self._idle():
                self._arm()

    def _come(self, messages: Sequence[tuple[RawRequestMessage, StreamReader]]) -> None:
        """The headers of one request, or of several, are whole."""
        self._request_count += len(messages)
        self._messages.extend(messages)
        message, self._last = messages[-1]
        self._piece = _PIECE if message.chunked else _READ_BUFFER
        self._head = self._sent = self._crumbs = 0
        self._wake()
        if len(self._messages) >= _PIPELINED and not self._buffer_paused:
            self._pause_reading_for_buffer()

    def _give_up(self, error: HttpProcessingError) -> None:
        """This is no HTTP."""
        forget_frames(error)
        self._broken, self._unreadable = True, error
        if not self._last.is_eof():
            # The parser forgets the body it was in; who reads it must not wait.
            self._last.set_exception(TransferEncodingError("broken within the body"))
        self._wake()

    def _wake(self) -> None:
        """There is something to answer."""
        self._disarm()
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def resume_reading(self, resume_parser: bool = True) -> None:
        """aiohttp says so whenever a body was read; mostly nothing had paused."""
        if not self._reading_paused:
            return
        if self._piece == _PIECE and not self._waits:
            # Not at once: it would go on within the reading of what came before.
            self._reading_paused = False
            self._wait()
        else:
            super().resume_reading(resume_parser)

    @property
    def has_asked(self) -> bool:
        """Whether any request came whole so far."""
        return self._request_count > 0

    @property
    def idle_since(self) -> float | None:
        """Since when (loop's clock) nothing whole has come; None: a request is being answered."""
        if not self._idle():
            return None
        if self._deadline is not None:
            return self._deadline.when() - self._seconds
        return self._next_keepalive_close_time - self._keepalive_timeout

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
        self.force_close()  # it is idle: what wakes it disarms this
