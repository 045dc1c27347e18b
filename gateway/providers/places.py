"""Where rules look: references compiled to one walk over what was received. Nothing is understood
here: `kinds` reads values.
"""

from collections.abc import Callable, Sequence
from typing import Final

from gateway.model.record import record
from gateway.model.request import Headers
from gateway.providers.declaration import Ref
from gateway.providers.pointers import steps
from gateway.providers.written import Written


@record
class Seen:
    """What rules read: one item, the whole payload around it, the headers."""

    item: object
    root: object
    headers: Headers


class _Missing:
    """No value: not the same as null."""


MISSING: Final = _Missing()
Get = Callable[[Seen], object]
Values = Sequence[object]
"""What stands at the slots of a `Places`; `MISSING` where nothing does."""


def there(value: object) -> bool:
    """Whether there is anything: neither null nor an empty text."""
    return value is not MISSING and value is not None and value != ""


def getter(ref: Ref) -> Get:
    """One reference as a function; `MISSING` where nothing is there."""
    places = Places()
    places.slot(ref)
    read = places.reader()
    return lambda seen: read(seen)[0]


_ITEM, _ROOT, _HEADERS = range(3)
"""The nodes at which references begin."""
_NOTHING: Final[dict[str, object]] = {}


class Places:
    """References that are read together: what several share of their way is walked once.

    A node is a mapping on the way, known by its number: the three beginnings, then what lies below
    them, each later than the one it lies in. A slot is a key in a node.
    """

    __slots__ = ("_nodes", "_numbers", "_slots")

    def __init__(self) -> None:
        self._slots: list[tuple[int, str]] = []
        self._nodes: list[tuple[int, str]] = []
        """All nodes but the beginnings: the node each lies in, and its key there."""
        self._numbers: list[dict[str, int]] = [{}, {}, {}]
        """A node's keys that are numbers: a list has them."""

    def slot(self, ref: Ref) -> int:
        """The number of a reference's value; all are named before the walk is written."""
        if ref.startswith("header."):
            return self._position(self._slots, _HEADERS, ref[7:].lower())
        root = ref.startswith("root.")
        text = ref[5:] if root or ref.startswith("body.") else ref
        *way, last = steps(text) if text.startswith("/") else text.split(".")
        node = _ROOT if root else _ITEM
        for key in way:
            node = 3 + self._position(self._nodes, node, key)
            if node == len(self._numbers):
                self._numbers.append({})
        return self._position(self._slots, node, last)

    def _position(self, places: list[tuple[int, str]], node: int, key: str) -> int:
        if (node, key) not in places:
            places.append((node, key))
            if key.isascii() and key.isdecimal():
                self._numbers[node][key] = int(key)
        return places.index((node, key))

    @property
    def values(self) -> str:
        """All values by slot, as the text of a tuple."""
        return f"({''.join(f'v{slot}, ' for slot in range(len(self._slots)))})"

    def write(self, to: Written) -> None:
        """Writes the walk into a function of `seen`: `v0`, `v1` … are the values by slot."""
        begun = {node for node, _ in (*self._slots, *self._nodes)}
        for node, place in ((_ITEM, "seen.item"), (_ROOT, "seen.root")):
            if node in begun:
                self._mapping(node, place, to)
        if _HEADERS in begun:
            to.line("text = seen.headers.text")
        for node, (inside, key) in enumerate(self._nodes, 3):
            self._mapping(node, f"n{inside}.get({to.bind(key)})", to)
        missing = to.bind(MISSING)
        for slot, (node, key) in enumerate(self._slots):
            if node == _HEADERS:
                to.line(f"v{slot} = text({to.bind(key.encode())}) or {missing}")
            else:
                to.line(f"v{slot} = n{node}.get({to.bind(key)}, {missing})")

    def _mapping(self, node: int, place: str, to: Written) -> None:
        numbers = to.bind(tuple(self._numbers[node].items()))
        to.line(f"n{node} = {place}")
        to.line(f"if type(n{node}) is not dict: n{node} = {to.bind(_keyed)}(n{node}, {numbers})")

    def reader(self) -> Callable[[Seen], Values]:
        """The walk alone, as a function."""
        written = Written("def read(seen):")
        self.write(written)
        written.line(f"return {self.values}")
        return written.function("read")


def _keyed(value: object, numbers: tuple[tuple[str, int], ...]) -> dict[str, object]:
    """What is no mapping as one: a list has the numbers that are asked for, else it is empty."""
    if type(value) is not list:
        return _NOTHING
    return {key: value[number] for key, number in numbers if number < len(value)}
