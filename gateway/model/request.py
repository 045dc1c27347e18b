"""A request as it came: raw header pairs and exact bytes. Nothing decoded, nothing repaired."""

from gateway.model.record import record

RawHeaders = tuple[tuple[bytes, bytes], ...]


class Headers:
    """Raw header pairs with lookup by name; doubled headers stay visible."""

    __slots__ = ("_index", "pairs")

    def __init__(self, pairs: RawHeaders) -> None:
        self.pairs = pairs
        index: dict[bytes, tuple[bytes, ...]] = {}
        for name, value in pairs:
            key = name.lower()
            index[key] = (*index[key], value) if key in index else (value,)
        self._index = index

    def all(self, name: bytes) -> tuple[bytes, ...]:
        """Every value of a header, in order of arrival. `name` is in lower case."""
        return self._index.get(name, ())

    def one(self, name: bytes) -> bytes | None:
        """The value of a header that was sent exactly once, else None. `name` is in lower case."""
        values = self._index.get(name)
        return values[0] if values is not None and len(values) == 1 else None

    def text(self, name: bytes) -> str | None:
        """`one`, as text, if it is printable ASCII and not empty."""
        value = self.one(name)
        if not value or not value.isascii():
            return None
        text = value.decode("ascii").strip()
        return text if text and text.isprintable() else None


@record
class Request:
    """What a scheme verifies and a provider's rules read."""

    method: str
    path: str
    """As sent, undecoded: it equals the source's configured path."""
    query: bytes
    headers: Headers
    body: bytes
