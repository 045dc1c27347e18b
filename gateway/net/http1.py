"""One kept-alive HTTP/1.1 connection of ours to a server: a request out, one bounded answer back.

The bytes are httptools' to understand (llhttp, Node's parser). What lives here is when an answer
begins and ends, how long it may take, how much of it is kept, and whether the connection can be used
again. Names, pools and what an error means live elsewhere.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol, cast

import httptools

HEAD_MAX: Final = 16 * 1024
"""Bytes of an answer's head, interim answers (1xx) before it included."""


class Broken(ConnectionResetError):
    """The connection ended, or said what is no HTTP, before a whole answer was there."""


class HeadTooLarge(Exception):
    """An answer's head is over `HEAD_MAX`."""


class Hears(Protocol):
    """Whoever made a request hears one of these, once, while bytes are read: it must be quick."""

    def answered(self, status: int, retry_after: str | None, body: bytes, *, whole: bool) -> None:
        """body: its first bytes. whole: there was no more of it than was allowed."""
        ...

    def failed(self, error: Exception) -> None:
        """`Broken`, `HeadTooLarge` or `TimeoutError`."""
        ...


class Connection(asyncio.Protocol):
    """Made by the loop; `exchange` one request after the other, `abort` at the end."""

    __slots__ = (
        "_asks", "_at_most", "_body", "_framed", "_head", "_keep", "_lasts", "_loop", "_parser",
        "_retry_after", "_size", "_status", "_transport", "_unended", "_until", "_watch",
    )  # fmt: skip

    def __init__(self) -> None:
        """Needs a running loop."""
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._until = 0.0
        self._watch: asyncio.TimerHandle | None = None
        """Rings at the deadline of some exchange; that may be over, and a later one under way."""
        self._parser = httptools.HttpResponseParser(self)
        # As other clients do: a service that ends its lines with LF has answered all the same.
        self._parser.set_dangerous_leniencies(
            lenient_headers=True,
            lenient_optional_cr_before_lf=True,
            lenient_spaces_after_chunk_size=True,
        )
        self._asks: Hears | None = None
        """Of the exchange that is under way."""
        self._lasts = True
        self._reset()

    def _reset(self) -> None:
        self._status = 0
        """Of the final answer, once its head is whole."""
        self._retry_after: str | None = None
        self._framed = False
        """Its head says where its body ends; else the end of the connection does."""
        self._head = 0
        """Bytes of its headers, as the parser gives them: it may give a whole head at once."""
        self._unended = 0
        """Bytes that came before its head was whole."""
        self._body = bytearray()
        self._size = 0

    # ---- what the pool asks

    @property
    def usable(self) -> bool:
        """Whether another request may be sent."""
        transport = self._transport
        return self._lasts and transport is not None and not transport.is_closing()

    def exchange(
        self, request: Sequence[bytes], asks: Hears, *, keep: int, at_most: int, until: float
    ) -> None:
        """Sends a request, and tells who asks what comes of it.

        keep: bytes of the answer's body. at_most: bytes after which the rest is not wanted. until:
        its deadline, by the loop's clock.
        """
        if self._transport is None or self._transport.is_closing():
            asks.failed(Broken())
            return
        self._reset()
        self._asks = asks
        self._keep, self._at_most, self._until = keep, at_most, until
        if self._watch is None or until < self._watch.when():
            self._watch_until(until)
        self._transport.writelines(request)

    def abort(self) -> None:
        """Ends the connection at once."""
        self._lasts = False
        self._unwatch()
        if self._transport is not None:
            self._transport.abort()

    def _fail(self, error: Exception) -> None:
        """Ends the exchange that is under way, and the connection."""
        asks, self._asks = self._asks, None
        self.abort()
        if asks is not None:
            asks.failed(error)

    # ---- the deadline: one timer for many exchanges, since nearly all are over long before it

    def _watch_until(self, at: float) -> None:
        self._unwatch()
        self._watch = self._loop.call_at(at, self._rings)

    def _unwatch(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _rings(self) -> None:
        self._watch = None
        if self._asks is None:
            return
        if self._loop.time() < self._until:  # an exchange that began later
            self._watch_until(self._until)
        else:
            self._fail(TimeoutError())

    # ---- what the loop says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is connected."""
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        if self._asks is None:  # nobody asked: whatever it is, it is no answer to the next
            self.abort()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(Broken())
            return
        if not self._status:
            self._unended += len(data)
            if self._unended > HEAD_MAX:
                self._fail(HeadTooLarge())

    def connection_lost(self, _: Exception | None) -> None:
        """It is gone; that is how an answer without a length ends."""
        self._transport = None
        self._unwatch()
        if self._status and not self._framed:
            self._finish(whole=True)
        self._fail(Broken())

    # ---- what the parser says

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._head += len(name) + len(value)
        name = name.lower()
        if name == b"retry-after":
            self._retry_after = value.decode("latin-1")
        elif name in {b"content-length", b"transfer-encoding"}:
            self._framed = True

    def on_headers_complete(self) -> None:
        """The head is whole. An interim answer (RFC 9110, 15.2) is none."""
        status = self._parser.get_status_code()
        if self._head > HEAD_MAX:
            self._fail(HeadTooLarge())
        elif status >= 200:
            self._status = status
            self._framed = self._framed or status in {204, 304}
            self._lasts = self._parser.should_keep_alive()

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        self._size += len(data)
        if len(self._body) < self._keep:
            self._body += data[: self._keep - len(self._body)]
        if self._size > self._at_most:
            self._finish(whole=False)

    def on_message_complete(self) -> None:
        """The end of an answer, as its head said."""
        if self._status:
            self._finish(whole=True)
        else:
            self._retry_after, self._framed = None, False

    def on_message_begin(self) -> None:
        """Another answer without another request: of the two it is the connection that is wrong."""
        if self._asks is None:
            self.abort()

    def _finish(self, *, whole: bool) -> None:
        asks, self._asks = self._asks, None
        transport = self._transport
        if not whole or (transport is not None and transport.get_write_buffer_size()):
            self.abort()  # the rest is not wanted, or the request was not
        if asks is not None:
            asks.answered(self._status, self._retry_after, bytes(self._body), whole=whole)
