"""The receipts of one commit as rows of packs, and which dictionary they are compressed against.

Runs in the writer's thread, before the transaction. What a batch prepared counts only once it was
committed: a dictionary that was rolled back is used for nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import zstandard

from gateway.model.ids import Seq
from gateway.model.records import Admission, NewEvent
from gateway.store.sqlite import inserts
from gateway.store.sqlite.dictionaries import Dictionary, Samples
from gateway.store.sqlite.inserts import Row
from gateway.store.sqlite.packs import ALONE, PACK_SIZE
from gateway.store.sqlite.transaction import Rising, Transaction


@dataclass(slots=True)
class NumberedReceipt:
    """An admission with at least one event that may be new."""

    seq: Seq
    admission: Admission
    events: list[NewEvent]
    head: bytes
    place: tuple[int, int] = (0, 0)
    """(pack, position)"""
    mark: int | None = None
    """The body's fingerprint, where an event's id is unsigned. Made here and not on the event loop:
    where no hash proved the body, hashing 8 KB costs as much as verifying it would."""


class Packer:
    """Goes on from batch to batch."""

    __slots__ = ("_dictionary", "_samples", "_zstd")

    def __init__(self) -> None:
        # Higher levels cost up to four times the CPU and save nothing (measured on packs of 64).
        self._zstd = zstandard.ZstdCompressor(level=1, write_checksum=True)
        self._samples = Samples()
        self._dictionary: Dictionary | None = None

    def begin(self, sequence: Rising) -> "Packing":
        """A batch's packing. Before its receipts are numbered: they follow their dictionary."""
        if self._samples.due:
            new = Dictionary(sequence.next(), self._samples.content())
            return Packing(self, new, is_new=True)
        return Packing(self, self._dictionary)

    def alone(self, raw: bytes) -> bytes:
        """Compressed against nothing."""
        return self._zstd.compress(raw)

    def committed(self, dictionary: Dictionary | None, receipts: Sequence[NumberedReceipt]) -> None:
        """Learns from what is on disk now."""
        if dictionary is not self._dictionary:
            self._dictionary = dictionary
            self._samples.used()
        for receipt in receipts:
            kind = (receipt.admission.source, receipt.events[0].provider_type)
            if self._samples.wants(kind):
                self._samples.add(kind, (receipt.head, receipt.admission.body))


class Packing:
    """The packs of one batch."""

    __slots__ = ("_dictionary", "_is_new", "_packer", "_packs")

    def __init__(
        self, packer: Packer, dictionary: Dictionary | None, *, is_new: bool = False
    ) -> None:
        self._packer = packer
        self._dictionary = dictionary
        self._is_new = is_new
        self._packs: list[Row] = []

    def pack(self, receipts: Sequence[NumberedReceipt]) -> None:
        """Compresses them and says to each where it is. Again: the first time is forgotten."""
        self._packs = []
        small: list[NumberedReceipt] = []
        size = 0
        for receipt in receipts:
            body = len(receipt.admission.body)
            if body >= ALONE:
                self._close([receipt], None)
                continue
            if size + body > PACK_SIZE:
                self._close(small, self._dictionary)
                small, size = [], 0
            small.append(receipt)
            size += body
        if small:
            self._close(small, self._dictionary)

    def _close(self, receipts: Sequence[NumberedReceipt], against: Dictionary | None) -> None:
        pack = receipts[0].seq
        parts: list[bytes] = []
        at = 0
        for receipt in receipts:
            body = receipt.admission.body
            receipt.place = (pack, at)
            parts += (receipt.head, body)
            at += len(receipt.head) + len(body)
        raw = b"".join(parts)
        if against is None:
            self._packs.append((pack, len(receipts), at, self._packer.alone(raw), None))
        else:
            self._packs.append((pack, len(receipts), at, against.compress(raw), against.id))

    def insert(self, tx: Transaction, receipts: Sequence[NumberedReceipt]) -> None:
        """Writes what `pack` made of these receipts, and the dictionary if it is a new one."""
        dictionary = self._dictionary
        if self._is_new and dictionary is not None:
            inserts.DICTIONARIES.run(tx.connection, [(dictionary.id, dictionary.stored)])
        inserts.PACKS.run(tx.connection, self._packs)
        tx.after_commit.append(lambda: self._packer.committed(dictionary, receipts))
