"""What packs are compressed against: bytes of receipts that came before, kept in the database.

A commit of a quiet gateway carries one receipt, and one push of 7 KB compressed alone takes 1.6 KB;
against others of its kind it takes 0.4 (measured). A process begins without a dictionary, makes one
of the first receipts it commits, and a better one now and then. A large one pays: of senders with
40 repositories 64 KiB bring a push to 582 bytes, 512 KiB to 288, and none costs more CPU (measured).
"""

from collections import OrderedDict, deque
from collections.abc import Iterable
from typing import Final

import zstandard

from gateway.model.ids import Seq

LEVEL: Final = 2
"""Against a dictionary. Level 3 costs half as much again and saves a hundredth of a full pack, and a
sixth of a push that is alone in its pack; higher ones cost twice the CPU for nothing (measured)."""
FIRST: Final = 8
"""Receipts before the first dictionary; each later one waits for `_GROWTH` times as many."""
_GROWTH: Final = 8
_MOST: Final = 8192
SIZE: Final = 512 * 1024
"""Bytes of one dictionary; stored, it takes a twentieth of that."""
SAMPLES_SIZE: Final = 2 * SIZE
"""Bytes of all samples; the kind that has the most gives way."""
SAMPLE: Final = 16 * 1024
"""Bytes of a receipt of which more is no sample: a dictionary is for what is small and alike."""
_OF_A_KIND: Final = 128
_KINDS: Final = 32
_EVERY: Final = 61
"""Of receipts of a kind that is known well, every so many-th takes the place of an old sample. A
prime, so that what comes in turns is not always met at the same turn."""

Kind = tuple[str, str]
"""(source, the provider's type): receipts that look alike."""


class Dictionary:
    """Bytes to compress against, in the writer's thread."""

    __slots__ = ("_zstd", "id", "stored")

    def __init__(self, id: Seq, content: bytes) -> None:
        words = zstandard.ZstdCompressionDict(content, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
        words.precompute_compress(level=LEVEL)
        self._zstd = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True, dict_data=words)
        self.id = id
        self.stored = zstandard.ZstdCompressor(level=3, write_checksum=True).compress(content)
        """What the table keeps."""

    def compress(self, raw: bytes) -> bytes:
        """One zstd frame; only this dictionary opens it."""
        return self._zstd.compress(raw)


Words = zstandard.ZstdCompressionDict
"""A dictionary as packs are opened with it."""


def words(stored: bytes) -> Words:
    """Of a dictionary as the table has it. Raises `zstandard.ZstdError` if it is damaged."""
    content = zstandard.ZstdDecompressor().decompress(stored)
    return zstandard.ZstdCompressionDict(content, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


def decompress(data: bytes, against: Words | None) -> bytes:
    """The uncompressed pack. against: its dictionary; None: it has none.

    Raises `zstandard.ZstdError` if it is damaged.
    """
    return zstandard.ZstdDecompressor(dict_data=against).decompress(data)


class Samples:
    """Receipts that came lately, a few of each kind, and when they are worth a new dictionary."""

    __slots__ = ("_kinds", "_limit", "_seen", "_since", "_size")

    def __init__(self) -> None:
        self._kinds: OrderedDict[Kind, deque[bytes]] = OrderedDict()
        self._limit = FIRST
        self._since = 0
        self._seen = 0
        self._size = 0

    def wants(self, kind: Kind) -> bool:
        """Counts a receipt that was committed. Whether it should become a sample."""
        self._since += 1
        self._seen += 1
        known = self._kinds.get(kind)
        return known is None or len(known) < _OF_A_KIND or self._seen % _EVERY == 0

    def add(self, kind: Kind, parts: Iterable[bytes]) -> None:
        """Keeps one, unless it is too large."""
        raw = b"".join(parts)
        if len(raw) > SAMPLE:
            return
        of_kind = self._kinds.setdefault(kind, deque())
        of_kind.append(raw)
        self._size += len(raw)
        self._kinds.move_to_end(kind)
        if len(of_kind) > _OF_A_KIND:
            self._size -= len(of_kind.popleft())
        if len(self._kinds) > _KINDS:
            self._size -= sum(map(len, self._kinds.popitem(last=False)[1]))
        while self._size > SAMPLES_SIZE:
            self._size -= len(max(self._kinds.values(), key=len).popleft())

    @property
    def due(self) -> bool:
        """Whether a new dictionary is worth its bytes."""
        return self._since >= self._limit and bool(self._kinds)

    def content(self) -> bytes:
        """The bytes of a new one: of each kind the newest first, then the others, while they fit.

        What is likeliest to be met again stands last, where zstd's offsets are shortest.
        """
        chosen: list[bytes] = []
        size = 0
        for turn in range(1, _OF_A_KIND + 1):
            for samples in reversed(self._kinds.values()):
                if turn <= len(samples) and size + len(samples[-turn]) <= SIZE:
                    chosen.append(samples[-turn])
                    size += len(chosen[-1])
        return b"".join(reversed(chosen))

    def used(self) -> None:
        """A dictionary of them was committed: the next one waits longer."""
        self._since = 0
        self._limit = min(self._limit * _GROWTH, _MOST)
