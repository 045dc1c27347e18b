"""Where a URL leads, and the head of a request to it. Pure."""

from base64 import b64encode
from collections.abc import Sequence
from functools import lru_cache

from yarl import URL

from gateway.model.record import record

Key = tuple[str, int, bool, str]


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
    address: str = ""
    """Where to connect to, of all that the host has; empty: any."""

    @property
    def key(self) -> Key:
        """Connections of one key lead to one server."""
        return (self.host, self.port, self.tls, self.address)


@lru_cache(maxsize=1024)
def place(url: str, address: str = "") -> Place:
    """address: of a server that the URL's host names. Raises `ValueError` if it is no URL of http."""
    parsed = URL(url)
    if parsed.scheme not in {"http", "https"}:
        raise ValueError("neither http nor https")
    return Place(
        host=(parsed.raw_host or "").replace("%25", "%"),  # a zone's sign (RFC 6874)
        port=parsed.port or 0,
        tls=parsed.scheme == "https",
        start=f" {parsed.raw_path_qs} HTTP/1.1\r\n",
        host_line=f"Host: {parsed.host_port_subcomponent}\r\n",
        authorization=_basic(parsed),
        address=address,
    )


def _basic(url: URL) -> str:
    if url.user is None and url.password is None:
        return ""
    pair = f"{url.user or ''}:{url.password or ''}".encode()
    return f"Authorization: Basic {b64encode(pair).decode()}\r\n"


def head(
    method: str, place: Place, headers: Sequence[tuple[str, str]], length: int | None
) -> bytes:
    """The head of a request. length: of the body; None: there is none.

    What the headers say themselves (Host, Accept, Authorization) is theirs to say. Raises `ValueError` where
    a name or value would end its line: it could add a header of its own.
    """
    lines = [f"{name}: {value}\r\n" for name, value in headers]
    if length is not None:
        lines.append(f"Content-Length: {length}\r\n")
    said = {name.lower() for name, _ in headers}
    if "host" not in said:
        lines.insert(0, place.host_line)
    if "accept" not in said:
        lines.append("Accept: */*\r\n")
    if place.authorization and "authorization" not in said:
        lines.append(place.authorization)
    text = "".join(lines)
    if not text.count("\r") == text.count("\n") == len(lines) or "\0" in text:
        raise ValueError("a header with a line break")
    return f"{method}{place.start}{text}\r\n".encode()
