"""Random numbers of 64 bits, from the kernel many at a time.

To ask the kernel costs 2 µs and hands Python's lock over; a request asks five times.
"""

import os
import struct
from typing import Final

BITS: Final = 64
_ALL: Final = struct.Struct("512Q")

_pool: list[int] = []


def number() -> int:
    """64 random bits that nobody else gets. From any thread: taking them is one step."""
    try:
        return _pool.pop()
    except IndexError:
        fresh: tuple[int, ...] = _ALL.unpack(os.urandom(_ALL.size))
        _pool.extend(fresh[1:])
        return fresh[0]


# A child must not hand out what its parent hands out too.
os.register_at_fork(after_in_child=_pool.clear)
