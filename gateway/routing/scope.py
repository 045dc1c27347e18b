"""What an expression can see of an event. Values only; how they are read lives in `compiler`."""

from collections.abc import Iterator, Mapping

from gateway.model.record import record
from gateway.model.request import Headers

NAMES: frozenset[str] = frozenset({"event", "payload", "headers", "source", "type", "id"})
"""Every name an expression may begin with."""


class HeaderValues(Mapping[str, str]):
    """A request's headers by lower-case name: those sent exactly once, in printable ASCII.

    Nothing is decoded before it is asked for. Doubled headers are not there: nobody may choose
    which of two counts.
    """

    __slots__ = ("_headers",)

    def __init__(self, headers: Headers) -> None:
        self._headers = headers

    def __getitem__(self, name: str) -> str:
        value = self._headers.text(name.encode("latin-1", "replace"))
        if value is None:
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        seen = {name.lower() for name, _ in self._headers.pairs}
        return iter(sorted(name.decode("latin-1") for name in seen if self._headers.text(name)))

    def __len__(self) -> int:
        return sum(1 for _ in self)


@record
class Scope:
    """The names of one event.

    event: normalized fields. payload: the parsed body, None where it could not be parsed.
    headers: by lower-case name (`HeaderValues`, or a plain dict).
    """

    event: Mapping[str, object]
    payload: object
    headers: Mapping[str, str]
    source: str
    type: str
    id: str
    variables: tuple[object, ...] = ()
    """The values of enclosing `for` loops, outermost first. Set by templates alone."""

    def inside(self, value: object) -> "Scope":
        """The scope inside a loop, at one of its values."""
        return Scope(
            self.event,
            self.payload,
            self.headers,
            self.source,
            self.type,
            self.id,
            (*self.variables, value),
        )
