"""Where a URL leads, and the head of a request to it. Pure."""

from base64 import b64encode
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from yarl import URL

from gateway.model.record import record

Key = tuple[str, int, bool, str]
_LINE: Final = "%s: %s\r\n"


@record
class Place:
    """What of a URL decides."""

    host: str
    port: int
    tls: bool
    start: str
    """What stands in a head between the method and the first header."""
    host_line: str
    authorization: str
    """A header line made of the URL's user and password, or nothing."""
    key: Key
    """Connections of one key lead to one server."""
    address: str = ""
    """Where to connect to, of all that the host has; empty: any."""


@lru_cache(maxsize=1024)
def place(url: str, address: str = "") -> Place:
    """address: of a server that the URL's host names. Raises `ValueError` if it is no URL of http."""
    parsed = URL(url)
    if parsed.scheme not in {"http", "https"}:
        raise ValueError("neither http nor https")
    host = (parsed.raw_host or "").replace("%25", "%")  # a zone's sign (RFC 6874)
    port, tls = parsed.port or 0, parsed.scheme == "https"
    return Place(
        host=host,
        port=port,
        tls=tls,
        start=f" {parsed.raw_path_qs} HTTP/1.1\r\n",
        host_line=f"Host: {parsed.host_port_subcomponent}\r\n",
        authorization=_basic(parsed),
        key=(host, port, tls, address),
        address=address,
    )


def _basic(url: URL) -> str:
    if url.user is None and url.password is None:
        return ""
    pair = f"{url.user or ''}:{url.password or ''}".encode()
    return f"Authorization: Basic {b64encode(pair).decode()}\r\n"


def lines(headers: Sequence[tuple[str, str]]) -> str:
    """Headers as they stand in a head. Raises `ValueError` where a name or value would end its line:
    it could add a header of its own."""
    said = "".join(map(_LINE.__mod__, headers))
    if not said.count("\r") == said.count("\n") == len(headers) or "\0" in said:
        raise ValueError("a header with a line break")
    return said


def head(method: str, place: Place, said: str, length: int | None) -> bytes:
    """The head of a request. said: headers, as `lines` has them. length: of the body; None: there is
    none.

    What the headers say themselves (Host, Accept, Authorization) is theirs to say.
    """
    lower = "\r\n" + said.lower()
    text = said if "\r\nhost:" in lower else place.host_line + said
    if length is not None:
        text += f"Content-Length: {length}\r\n"
    if "\r\naccept:" not in lower:
        text += "Accept: */*\r\n"
    if place.authorization and "\r\nauthorization:" not in lower:
        text += place.authorization
    return f"{method}{place.start}{text}\r\n".encode()
