"""Reading a body: cut off at its limit, at its deadline and where too much is in flight.

Nothing of a body is judged here but its size, its pace and its coding.
"""

import asyncio
from types import TracebackType
from typing import Self

from gateway.errors import RequestRefused
from gateway.ingest.inflate import inflate
from gateway.ingest.parts import BodyBroken, BodyStream
from gateway.model.outcomes import Outcome
from gateway.model.request import Headers

IN_FLIGHT = 256 * 1024 * 1024
"""Bytes of all bodies being read, judged or committed at one moment."""
_ON_THE_LOOP = 64 * 1024
"""Packed bytes that are unpacked at once; more goes to a thread, where zlib lets others run."""

_LONGEST_NUMBER = 18
"""Digits of a length that is looked at: a thousand petabytes."""


class InFlight:
    """The bytes of all bodies in memory."""

    __slots__ = ("limit", "used")

    def __init__(self, limit: int = IN_FLIGHT) -> None:
        self.limit = limit
        self.used = 0

    def share(self) -> "Share":
        """One request's share, given back at the end of its `with`."""
        return Share(self)


class Share:
    """What one request has taken. Counted as bytes arrive: a promise costs others nothing."""

    __slots__ = ("_all", "_taken")

    def __init__(self, all_of_them: InFlight) -> None:
        self._all = all_of_them
        self._taken = 0

    def take(self, size: int) -> None:
        """Takes `size` bytes more. Raises `RequestRefused` (overloaded) if there are not as many."""
        if self._all.used + size > self._all.limit:
            raise RequestRefused(Outcome.OVERLOADED, "too many bytes of bodies are in flight")
        self._all.used += size
        self._taken += size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
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
    codings = b",".join(headers.all(b"content-encoding")).lower().strip()
    if codings in (b"", b"identity"):
        return ""
    if codings == b"gzip" and "gzip" in encodings:
        return "gzip"
    raise RequestRefused(Outcome.BAD_ENCODING, "the body is compressed and may not be")


def _number(digits: bytes) -> int:
    """Their number, cut off where no limit is as high: Python refuses thousands of digits."""
    digits = digits.lstrip(b"0")
    return int(digits or b"0") if len(digits) <= _LONGEST_NUMBER else 10**_LONGEST_NUMBER


async def read(stream: BodyStream, *, limit: int, deadline: float, share: Share) -> bytes:
    """The whole body, as sent.

    limit: bytes. deadline: seconds for all of it.
    Raises `RequestRefused`: too_large, timeout, overloaded, malformed.
    """
    whole = stream.whole()
    if whole is not None:
        _fits(len(whole), limit)
        share.take(len(whole))
        return whole
    try:
        async with asyncio.timeout(deadline):
            await stream.proceed()
            return await _read(stream, limit, share)
    except TimeoutError:
        raise RequestRefused(
            Outcome.TIMEOUT, f"the body was not whole after {deadline:g} s"
        ) from None
    except BodyBroken as error:
        raise RequestRefused(Outcome.MALFORMED, str(error)) from None


async def _read(stream: BodyStream, limit: int, share: Share) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while chunk := await stream.chunk():
        size += len(chunk)
        _fits(size, limit)
        share.take(len(chunk))
        chunks.append(chunk)
    return b"".join(chunks)


def _fits(size: int, limit: int) -> None:
    if size > limit:
        raise RequestRefused(Outcome.TOO_LARGE, f"the body is over {limit} bytes")


async def decode(wire: bytes, coding: str, *, limit: int, share: Share) -> bytes:
    """The body without its content coding. Raises `RequestRefused` as `inflate` does."""
    if not coding:
        return wire
    if len(wire) <= _ON_THE_LOOP:
        body = inflate(wire, limit)
    else:
        body = await asyncio.to_thread(inflate, wire, limit)
    share.take(len(body))
    return body
