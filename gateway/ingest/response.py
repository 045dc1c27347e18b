"""An `Answer` as HTTP/1.1 bytes (RFC 9112). Pure, but for the clock that dates it."""

import time
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from gateway.ingest.parts import Answer

_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
"""Neither a body nor its length goes with these (RFC 9110, 8.6)."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CLOSE = "close"
KEEP_ALIVE = "keep-alive"


def encode(answer: Answer, *, connection: str = "", head_only: bool = False) -> bytes:
    """The whole response.

    connection: the Connection header's value, if it must be said. head_only: to a HEAD request.
    Raises ValueError if a header would end its line early.
    """
    head = _head(answer.status, answer.headers, connection, len(answer.body), int(time.time()))
    return head if head_only or answer.status in _BODILESS else head + answer.body


@lru_cache(maxsize=256)
def _head(
    status: int, headers: tuple[tuple[str, str], ...], connection: str, size: int, second: int
) -> bytes:
    """All that comes before the body; the same for most answers of a second."""
    lines = [f"HTTP/1.1 {status} {_phrase(status)}"]
    if connection:
        headers = (*headers, ("Connection", connection))
    own = [("Server", "gateway"), ("Date", _date(second))]
    if status not in _BODILESS:
        own.append(("Content-Length", str(size)))
    for name, value in (*headers, *own):
        line = f"{name}: {value}"
        if not line.isprintable():
            raise ValueError(f"the header {name!r} of an answer is not one printable line")
        lines.append(line)
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("latin-1")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""  # the phrase may be empty (RFC 9112, 4)


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
