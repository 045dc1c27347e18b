"""Gzip bodies (RFC 1952), unpacked within bounds: neither size nor ratio is the sender's choice."""

import zlib

from gateway.errors import RequestRefused
from gateway.model.outcomes import Outcome

MOST = 100
"""Bytes out for each byte in: text compresses 5 to 20 times, bombs 1,000 times."""
_GZIP = 16 + zlib.MAX_WBITS


def most(packed: bytes, limit: int) -> int:
    """Bytes that it may unpack to."""
    return min(limit, MOST * len(packed))


def inflate(packed: bytes, limit: int) -> bytes:
    """The unpacked body. Raises `RequestRefused`: over `limit` bytes, over the ratio, or no gzip.

    One member only: a file of many tiny ones would cost far more than its bytes.
    """
    allowed = most(packed, limit)
    unpacker = zlib.decompressobj(_GZIP)
    try:
        # One byte more than allowed: enough to know, and all that is ever made.
        body = unpacker.decompress(packed, allowed + 1)
        if len(body) > allowed:
            raise _too_much(limit, len(body))
    except zlib.error:
        raise RequestRefused(Outcome.MALFORMED, "the body is not gzip") from None
    if not unpacker.eof:
        raise RequestRefused(Outcome.MALFORMED, "the gzip body ends too early")
    if unpacker.unused_data:
        raise RequestRefused(Outcome.MALFORMED, "something follows the gzip body")
    return body


def _too_much(limit: int, size: int) -> RequestRefused:
    if size > limit:
        return RequestRefused(Outcome.TOO_LARGE, f"unpacked, the body is over {limit} bytes")
    return RequestRefused(Outcome.BAD_ENCODING, f"the body unpacks to over {MOST} times its size")
