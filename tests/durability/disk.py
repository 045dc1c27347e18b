"""A disk with a cache, as POSIX allows the worst one to be; and what is on it after a power cut.

Fed with the records of `shim.py`. What was written before a sync began is safe once that sync has
ended well; a file's name is safe only after a sync of its folder. All else is at the mercy of
`after_cut`. Pure: nothing here touches a real file.

The model, sector by sector: a sector holds its last synced bytes or those after any later write to
it, never a mixture; sectors do not wait for each other, whatever the order of the writes. Where a
later sector was kept and an earlier one of a growing file was not, there are zeros.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.durability.shim import Op, Record


@dataclass(frozen=True, slots=True)
class Cut:
    """How a power cut treats what was not synced."""

    sector: int = 0
    """Bytes that are written as a whole; 0: all that was not synced is lost."""
    seed: int = 0


LOST: Final = Cut()


@dataclass(frozen=True, slots=True)
class _Write:
    at: int
    data: bytes
    truncate: bool = False
    """The file ends at `at` from now on."""


@dataclass(slots=True)
class _File:
    safe: bytearray = field(default_factory=bytearray)
    pending: list[_Write] = field(default_factory=list)
    synced: int = 0
    """Writes that are safe; pending ones are numbered from here."""

    @property
    def written(self) -> int:
        return self.synced + len(self.pending)

    def sync(self, upto: int) -> None:
        count = max(0, upto - self.synced)
        for write in self.pending[:count]:
            _apply(self.safe, write)
        del self.pending[:count]
        self.synced += count


_Names = Sequence[tuple[str, _File | None]]
"""What a change of names makes of each; None: it is gone. One change happens as a whole."""


class Disk:
    """Takes records; at any moment tells what a power cut would leave."""

    def __init__(self) -> None:
        self._names: dict[str, _File] = {}
        """As the running system sees them."""
        self._safe_names: dict[str, _File] = {}
        self._pending_names: list[_Names] = []
        self._names_synced = 0
        self._open: dict[tuple[int, int], _File | None] = {}
        """None: the folder."""
        self._syncing: dict[int, int] = {}
        """For each thread, how many writes its sync will cover."""
        self.syncs = 0

    def feed(self, record: Record) -> None:
        """One step on."""
        match record.op:
            case Op.START:  # what processes before it wrote stays written: the kernel lives on
                pass
            case Op.OPEN:
                path = record.data.decode()
                if record.flag:
                    self._name([(path, _File())])
                self._open[record.process, record.fd] = self._names.get(path)
            case Op.CLOSE:
                self._open.pop((record.process, record.fd), None)
            case Op.WRITE:
                self._written(record, _Write(record.at, record.data))
            case Op.TRUNCATE:
                self._written(record, _Write(record.at, b"", truncate=True))
            case Op.SYNC:
                file = self._open[record.process, record.fd]
                covers = file.written if file else self._names_synced + len(self._pending_names)
                self._syncing[record.thread] = covers
            case Op.SYNCED if record.at == 0:
                self._sync(self._open[record.process, record.fd], self._syncing.pop(record.thread))
            case Op.UNLINK:
                self._name([(record.data.decode(), None)])
            case Op.RENAME:
                old, new = record.data.decode().split("\0")
                self._name([(new, self._names.get(old)), (old, None)])

    def _written(self, record: Record, write: _Write) -> None:
        file = self._open[record.process, record.fd]
        assert file is not None
        file.pending.append(write)

    def _name(self, change: _Names) -> None:
        self._pending_names.append(change)
        _point(self._names, change)

    def _sync(self, file: _File | None, upto: int) -> None:
        self.syncs += 1
        if file is not None:
            file.sync(upto)
            return
        count = max(0, upto - self._names_synced)
        for change in self._pending_names[:count]:
            _point(self._safe_names, change)
        del self._pending_names[:count]
        self._names_synced += count

    def after_cut(self, cut: Cut = LOST) -> Mapping[str, bytes]:
        """The files after a power cut at this moment."""
        chance = random.Random(cut.seed)
        likely = chance.random() if cut.sector else 0.0
        names = dict(self._safe_names)
        for change in self._pending_names:
            if chance.random() < likely:
                _point(names, change)
        return {
            path: bytes(file.safe if not cut.sector else _torn(file, cut.sector, chance, likely))
            for path, file in sorted(names.items())
        }


def _point(names: dict[str, _File], change: _Names) -> None:
    for path, file in change:
        if file is None:
            names.pop(path, None)
        else:
            names[path] = file


def _apply(to: bytearray, write: _Write) -> None:
    if write.truncate:
        del to[write.at :]
        to.extend(bytes(write.at - len(to)))
        return
    to.extend(bytes(max(0, write.at - len(to))))
    to[write.at : write.at + len(write.data)] = write.data


def _torn(file: _File, sector: int, chance: random.Random, likely: float) -> bytearray:
    """What is safe, and of each sector as many of its pending writes as chance will have."""
    found = bytearray(file.safe)
    for run in _runs(file.pending):
        if run[0].truncate:
            if chance.random() < likely:
                _apply(found, run[0])
            continue
        sectors: dict[int, list[_Write]] = {}
        for write in run:
            for number, piece in _pieces(write, sector):
                sectors.setdefault(number, []).append(piece)
        for pieces in sectors.values():
            keep = len(pieces) if chance.random() < likely else chance.randrange(len(pieces))
            for piece in pieces[:keep]:
                _apply(found, piece)
    return found


def _runs(writes: Sequence[_Write]) -> Iterator[Sequence[_Write]]:
    """Writes between truncations; each truncation alone."""
    start = 0
    for number, write in enumerate(writes):
        if write.truncate:
            if start < number:
                yield writes[start:number]
            yield [write]
            start = number + 1
    if start < len(writes):
        yield writes[start:]


def _pieces(write: _Write, sector: int) -> Iterator[tuple[int, _Write]]:
    """A write, cut at the sectors' edges."""
    at, end = write.at, write.at + len(write.data)
    while at < end:
        number = at // sector
        edge = min(end, (number + 1) * sector)
        yield number, _Write(at, write.data[at - write.at : edge - write.at])
        at = edge
