"""A request as it came: raw header pairs and exact bytes. Nothing decoded, nothing repaired."""

from gateway.model.record import record

RawHeaders = tuple[tuple[bytes, bytes], ...]


class Headers:
    """Raw header pairs with lookup by name; doubled headers stay visible."""

    __slots__ = ("_doubled", "_values", "pairs")

    def __init__(self, pairs: RawHeaders) -> None:
        self.pairs = pairs
        self._values = {name.lower(): value for name, value in pairs}
        self._doubled = {} if len(self._values) == len(pairs) else _doubled(pairs)

    def all(self, name: bytes) -> tuple[bytes, ...]:
        """Every value of a header, in order of arrival. `name` is in lower case."""
        if name in self._doubled:
            return self._doubled[name]
        value = self._values.get(name)
        return () if value is None else (value,)

    def one(self, name: bytes) -> bytes | None:
        """The value of a header that was sent exactly once, else None. `name` is in lower case."""
        return None if name in self._doubled else self._values.get(name)

    def hold(self, names: frozenset[bytes]) -> bool:
        """Whether any of these was sent. `names` are in lower case."""
        return not self._values.keys().isdisjoint(names)

    def text(self, name: bytes) -> str | None:
        """`one`, as text, if it is printable ASCII and not empty."""
        value = self._values.get(name)
        if not value or name in self._doubled or not value.isascii():
            return None
        text = value.decode().strip()
        return text if text and text.isprintable() else None


def _doubled(pairs: RawHeaders) -> dict[bytes, tuple[bytes, ...]]:
    found: dict[bytes, list[bytes]] = {}
    for name, value in pairs:
        found.setdefault(name.lower(), []).append(value)
    return {name: tuple(values) for name, values in found.items() if len(values) > 1}


@record
class Request:
    """What a scheme verifies and a provider's rules read."""

    method: str
    path: str
    """As sent, undecoded: it equals the source's configured path."""
    query: bytes
    headers: Headers
    body: bytes
