"""What the writer's jobs share while one commit is made: the connection, the sequence, and what
listeners will hear of it. Nothing here commits.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from gateway.model.ids import Seq
from gateway.model.records import Due
from gateway.store.sqlite.inserts import LIST_SIZE

if TYPE_CHECKING:
    from gateway.store.sqlite.pruning import Pruner

_T = TypeVar("_T")
_NUMBERED: Final = (
    ("receipts", "seq"),
    ("events", "seq"),
    ("deliveries", "seq"),
    ("attempts", "seq"),
    ("audit", "seq"),
    ("dedup", "event"),
    ("dictionaries", "id"),
    ("sequence", "high"),
)


class Rising:
    """The store's one sequence. Only the writer thread takes numbers; a gap means nothing."""

    __slots__ = ("last",)

    def __init__(self, last: int) -> None:
        self.last = last

    def next(self) -> Seq:
        """The next number."""
        self.last += 1
        return Seq(self.last)


def highest(connection: sqlite3.Connection) -> int:
    """The highest number this database has ever given."""
    found = (
        connection.execute(f"SELECT max({column}) FROM {table}").fetchone()[0]
        for table, column in _NUMBERED
    )
    return max(number or 0 for number in found)


class Transaction:
    """One commit in the making."""

    __slots__ = (
        "after_commit",
        "changed",
        "connection",
        "counts",
        "due",
        "now",
        "pruner",
        "sequence",
    )

    def __init__(
        self,
        connection: sqlite3.Connection,
        sequence: Rising,
        now: float,
        pruner: "Pruner | None" = None,
    ) -> None:
        """pruner: where pruning has come to; None: it is none of this one's business."""
        self.connection = connection
        self.sequence = sequence
        self.now = now
        self.pruner = pruner
        self.due: list[Due] = []
        self.changed: set[Seq] = set()
        self.counts: Counter[tuple[str, str]] = Counter()
        self.after_commit: list[Callable[[], None]] = []
        """Changes to memory; they happen only if the commit did."""

    def moved(self, target: str, event: int, before: str | None, after: str | None) -> None:
        """Notes that a delivery changed its state; None: it did not exist, or exists no more."""
        if before is not None:
            self.counts[target, before] -= 1
        if after is not None:
            self.counts[target, after] += 1
        self.changed.add(Seq(event))


def chunks(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Values in lists short enough for one statement."""
    for start in range(0, len(values), LIST_SIZE):
        yield values[start : start + LIST_SIZE]


def note_highest(tx: Transaction) -> None:
    """Keeps the highest number: rows that bear it may go, it must not come back."""
    tx.connection.execute("UPDATE sequence SET high = ?", (tx.sequence.last,))
