"""Packs: how the bytes of receipts lie together, and the way back to one receipt's bytes.

Layout of one receipt in an uncompressed pack: the number of headers (its highest bit: the body is JSON),
the lengths of every name and value (little-endian 32 bit), the names and values, then the body.
"""

import struct
from collections import OrderedDict
from dataclasses import dataclass
from itertools import chain
from typing import Final

from gateway.model.request import RawHeaders

ALONE: Final = 256 * 1024
"""Bodies of this size get a pack of their own: reading a small neighbour must stay cheap."""
PACK_SIZE: Final = 1024 * 1024
"""Bytes after which the next receipt begins another pack of the same commit."""


_JSON: Final = 1 << 31


def encode_head(headers: RawHeaders, *, is_json: bool) -> bytes:
    """What stands before a body: header pairs as bytes, exactly, and what is known of the body.

    is_json: it was read as JSON that can be passed on as it is. It spares each delivery a look.
    """
    flat = list(chain.from_iterable(headers))
    count = len(headers) | _JSON if is_json else len(headers)
    return struct.pack(f"<{len(flat) + 1}I", count, *map(len, flat)) + b"".join(flat)


def decode_headers(head: bytes) -> RawHeaders:
    """The headers of `encode_head`."""
    (count,) = struct.unpack_from("<I", head)
    count &= ~_JSON
    at = 4 + 8 * count
    flat: list[bytes] = []
    for size in struct.unpack_from(f"<{2 * count}I", head, 4):
        flat.append(head[at : at + size])
        at += size
    return tuple(zip(flat[::2], flat[1::2], strict=True))


def says_json(head: bytes) -> bool:
    """What `encode_head` was told of the body."""
    return bool(head[3] & 0x80)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a receipt's bytes are."""

    pack: int
    position: int
    head_size: int
    body_size: int

    def cut(self, raw: bytes) -> tuple[bytes, bytes]:
        """Head and body out of the uncompressed pack."""
        middle = self.position + self.head_size
        return raw[self.position : middle], raw[middle : middle + self.body_size]


class PackCache:
    """The last few uncompressed packs, bounded by bytes."""

    __slots__ = ("_limit", "_packs", "_size")

    def __init__(self, limit: int) -> None:
        self._packs: OrderedDict[int, bytes] = OrderedDict()
        self._limit = limit
        self._size = 0

    def get(self, pack: int) -> bytes | None:
        """The pack, if it is here."""
        raw = self._packs.get(pack)
        if raw is not None:
            self._packs.move_to_end(pack)
        return raw

    def add(self, pack: int, raw: bytes) -> None:
        """Keeps a pack; one that alone is too large is not kept."""
        if pack in self._packs or len(raw) > self._limit:
            return
        self._packs[pack] = raw
        self._size += len(raw)
        while self._size > self._limit:
            self._size -= len(self._packs.popitem(last=False)[1])

    @property
    def size(self) -> int:
        """Bytes held."""
        return self._size
