"""Bodies seen before under another id: flagged, never dropped. Only events whose id nobody signed.

Receipts keep the fingerprints. A process reads the latest of them once and remembers what comes, for
in an index the fingerprints would be all over the place: a page written for each event.
"""

import sqlite3
from collections.abc import Sequence
from typing import Final, NamedTuple

from gateway.model.ids import Seq
from gateway.store.sqlite.recent import Recent

SAME_BODY_SECONDS: Final = 24 * 3600.0
BODIES: Final = 80_000
"""Some 11 MB (18 for 100,000, see `Recent`). Of more in a day the older half may not be known any
more."""
_LATEST: Final = """
    SELECT fingerprint, received_at
    FROM (SELECT fingerprint, received_at FROM receipts ORDER BY seq DESC LIMIT ?)
    WHERE fingerprint IS NOT NULL AND received_at > ?"""


class Body(NamedTuple):
    """A body that came."""

    fingerprint: int
    receipt: Seq
    at: float


class Bodies:
    """Those that came lately, each with the time when it came last. Lives in the writer thread."""

    __slots__ = ("_recent",)

    def __init__(self, limit: int = BODIES) -> None:
        self._recent: Recent[int, float] = Recent(limit)

    def load(self, connection: sqlite3.Connection, now: float) -> None:
        """Those of processes before this one: as many as are always known."""
        found = connection.execute(_LATEST, (BODIES // 2, now - SAME_BODY_SECONDS)).fetchall()
        self._recent.add(found[::-1])

    def repeated(self, bodies: Sequence[Body]) -> set[Seq]:
        """The receipts whose body another receipt had within a day.

        bodies: of new events only, in order of arrival; items of one receipt share its body.
        """
        new: dict[int, float] = {}
        repeated: set[Seq] = set()
        for mark, receipt, at in bodies:
            before = new.get(mark) or self._recent.get(mark)
            if before is not None and abs(at - before) <= SAME_BODY_SECONDS:
                repeated.add(receipt)
            new[mark] = at
        return repeated

    def add(self, bodies: Sequence[Body]) -> None:
        """What is on disk now."""
        self._recent.add([(mark, at) for mark, _, at in bodies])
