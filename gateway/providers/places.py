"""Where rules look: references compiled to one walk over what was received. Nothing is understood
here: `kinds` reads values.
"""

from collections.abc import Callable, Sequence
from typing import Final

from gateway.model.record import record
from gateway.model.request import Headers
from gateway.providers.declaration import Ref
from gateway.providers.pointers import steps


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
    if ref.startswith("header."):
        name = ref[7:].lower().encode()
        return lambda seen: seen.headers.text(name) or MISSING
    places = Places()
    places.slot(ref)
    return lambda seen: places.read(seen)[0]


_ITEM, _ROOT, _HEADERS = range(3)
"""The nodes at which references begin."""
_NOTHING: Final[dict[str, object]] = {}


class Places:
    """References that are read together: what several share of their way is walked once.

    A node is a mapping on the way, known by its number: the three beginnings, then what lies below
    them, each later than the one it lies in. A slot is a key in a node.
    """

    __slots__ = ("_names", "_nodes", "_numbers", "_slots")

    def __init__(self) -> None:
        self._slots: list[tuple[int, str]] = []
        self._nodes: list[tuple[int, str]] = []
        """All nodes but the beginnings: the node each lies in, and its key there."""
        self._numbers: list[dict[str, int]] = [{}, {}, {}]
        """A node's keys that are numbers: a list has them."""
        self._names: dict[str, bytes] = {}
        """The headers that are asked for."""

    def slot(self, ref: Ref) -> int:
        """Where `read` puts the value of a reference; all are named before the first reading."""
        if ref.startswith("header."):
            name = ref[7:].lower()
            self._names[name] = name.encode()
            return self._position(self._slots, _HEADERS, name)
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

    def read(self, seen: Seen) -> Values:
        """The values of all references, by slot."""
        item, root = seen.item, seen.root
        nodes = [
            item if type(item) is dict else self._keyed(item, _ITEM),
            root if type(root) is dict else self._keyed(root, _ROOT),
            self._texts(seen.headers) if self._names else _NOTHING,
        ]
        for node, key in self._nodes:
            value = nodes[node].get(key)
            nodes.append(value if type(value) is dict else self._keyed(value, len(nodes)))
        return [nodes[node].get(key, MISSING) for node, key in self._slots]

    def _keyed(self, value: object, node: int) -> dict[str, object]:
        """What is no mapping as one: a list has the numbers that are asked for, else it is empty."""
        if type(value) is not list:
            return _NOTHING
        numbers = self._numbers[node].items()
        return {key: value[number] for key, number in numbers if number < len(value)}

    def _texts(self, headers: Headers) -> dict[str, object]:
        return {name: headers.text(raw) or MISSING for name, raw in self._names.items()}
