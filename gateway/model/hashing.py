"""Hashing on the way of a request without handing Python's lock over.

hashlib gives the lock away for more than 2,047 bytes at once. With the event loop and the writer at
work each time costs a wait for the other one, many times that of hashing a webhook: 15 % of the rate
that is accepted (docs/performance.md).
"""

from typing import Final, Protocol, Self

_PIECE: Final = 2047
_LARGE: Final = 64 * 1024
"""Bytes from which on the others should rather go on meanwhile."""


class State(Protocol):
    """A hash that is still fed, as hashlib makes one."""

    def update(self, data: bytes, /) -> None:
        """Takes more."""
        ...

    def copy(self) -> Self:
        """Another one that was fed the same."""
        ...

    def digest(self) -> bytes:
        """The hash of all that it was fed."""
        ...


def feed(state: State, data: bytes) -> None:
    """The same as `state.update(data)`."""
    if len(data) <= _PIECE or len(data) > _LARGE:
        state.update(data)
        return
    update = state.update
    for at in range(0, len(data), _PIECE):
        update(data[at : at + _PIECE])
