"""Reading a body: cut off at its limit, at its deadline, and where too much is in flight.

Nothing of a body is judged here but its size, its pace and its coding.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gateway.errors import RequestRefused
from gateway.ingest.beside import LARGE, Beside
from gateway.ingest.inflate import inflate, most
from gateway.ingest.parts import BodyBroken, BodyStream
from gateway.model.outcomes import Outcome
from gateway.model.request import Headers

IN_FLIGHT = 256 * 1024 * 1024
"""Bytes of all bodies being read, judged or committed at one moment."""

_LONGEST_NUMBER = 18
"""Digits of a length that is looked at: a thousand petabytes."""


class InFlight:
    """The bytes of all bodies in memory. Where they are too many, the body goes that has been on
    its way for the longest: a stranger's that never ends keeps nobody else's out."""

    __slots__ = ("limit", "unfinished", "used")

    def __init__(self, limit: int = IN_FLIGHT) -> None:
        self.limit = limit
        self.used = 0
        self.unfinished: dict[Share, Callable[[], None]] = {}
        """Those on their way, the oldest first, each with what cuts it off."""

    def make_room(self, size: int, asking: "Share") -> bool:
        """Makes room for `size` bytes more at the cost of others. Whether there is as much now."""
        while self.used + size > self.limit:
            oldest = next(iter(self.unfinished), asking)
            if oldest is asking:
                return False
            oldest.cut()
        return True


class Share:
    """What one request has taken, to be given back at its end. Counted as bytes arrive: a promise
    costs others nothing."""

    __slots__ = ("_all", "_taken", "was_cut")

    def __init__(self, all_of_them: InFlight) -> None:
        self._all = all_of_them
        self._taken = 0
        self.was_cut = False
        """Others needed its room."""

    def take(self, size: int) -> None:
        """Takes `size` bytes more. Raises `RequestRefused` (overloaded) if there are not as many."""
        all_of_them = self._all
        full = all_of_them.used + size > all_of_them.limit
        if self.was_cut or (full and not all_of_them.make_room(size, self)):
            raise RequestRefused(Outcome.OVERLOADED, "too many bytes of bodies are in flight")
        all_of_them.used += size
        self._taken += size

    @contextmanager
    def on_its_way(self, cut: Callable[[], None]) -> Iterator[None]:
        """While this lasts the body may be cut off to make room."""
        self._all.unfinished[self] = cut
        try:
            yield
        finally:
            self._all.unfinished.pop(self, None)

    def cut(self) -> None:
        """Gives back what was taken, and ends the reading."""
        self.was_cut = True
        self.give_back()
        self._all.unfinished.pop(self)()

    def give_back(self) -> None:
        """The request has ended, or its body was cut off."""
        self._all.used -= self._taken
        self._taken = 0


def declared(headers: Headers, limit: int, encodings: frozenset[str]) -> str:
    """Judges what the headers say of the body. Returns its content coding, "" for none.

    Raises `RequestRefused`: too_large, bad_encoding.
    """
    length = headers.one(b"content-length")
    # The HTTP parser lets only digits through; a broken length never gets here.
    if length is not None and length.isdigit() and _number(length) > limit:
        raise RequestRefused(Outcome.TOO_LARGE, f"declares more than {limit} bytes")
    sent = headers.all(b"content-encoding")
    codings = b",".join(sent).lower().strip() if sent else b""
    if codings in (b"", b"identity"):
        return ""
    if codings == b"gzip" and "gzip" in encodings:
        return "gzip"
    raise RequestRefused(Outcome.BAD_ENCODING, "the body is compressed and may not be")


def _number(digits: bytes) -> int:
    """Their number, cut off where no limit is as high: Python refuses thousands of digits."""
    if len(digits) > _LONGEST_NUMBER:
        digits = digits.lstrip(b"0") or b"0"
    return int(digits) if len(digits) <= _LONGEST_NUMBER else 10**_LONGEST_NUMBER


def whole(stream: BodyStream, limit: int, share: Share) -> bytes | None:
    """The whole body, as sent, if it has come already. Raises `RequestRefused` as `read` does."""
    body = stream.whole()
    if body is not None:
        size = len(body)
        if size > limit:
            raise _too_large(limit)
        share.take(size)
    return body


async def read(stream: BodyStream, limit: int, deadline: float, share: Share) -> bytes:
    """The whole body, as sent, where it is still on its way.

    limit: bytes. deadline: seconds for all of it.
    Raises `RequestRefused`: too_large, timeout, overloaded, malformed.
    """
    try:
        async with asyncio.timeout(deadline) as until:
            with share.on_its_way(lambda: None if until.expired() else until.reschedule(0)):
                await stream.proceed()
                return await _read(stream, limit, share)
    except TimeoutError:
        if share.was_cut:
            raise RequestRefused(Outcome.OVERLOADED, "its room was needed for others") from None
        raise RequestRefused(
            Outcome.TIMEOUT, f"the body was not whole after {deadline:g} s"
        ) from None
    except BodyBroken as error:
        raise RequestRefused(Outcome.MALFORMED, str(error)) from None


async def _read(stream: BodyStream, limit: int, share: Share) -> bytes:
    # One block that grows: pieces of many bodies would leave holes behind that stay resident.
    body = bytearray()
    while chunk := await stream.chunk():
        if len(body) + len(chunk) > limit:
            raise _too_large(limit)
        share.take(len(chunk))
        body += chunk
    return bytes(body)


def _too_large(limit: int) -> RequestRefused:
    return RequestRefused(Outcome.TOO_LARGE, f"the body is over {limit} bytes")


async def decode(wire: bytes, limit: int, share: Share, beside: Beside) -> bytes:
    """The body without its content coding. Raises `RequestRefused` as `inflate` does."""
    if most(wire, limit) <= LARGE:
        body = inflate(wire, limit)
    else:
        body = await beside.run(inflate, wire, limit)
    share.take(len(body))
    return body
