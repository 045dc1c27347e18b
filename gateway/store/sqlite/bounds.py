"""Keyset bounds: where a page begins, and which number a moment in time stands for."""

from typing import Final

import aiosqlite

from gateway.model.ids import Seq
from gateway.store.sqlite.rows import fetch

_LAST: Final = 2**63 - 1
_SLACK: Final = 3600.0
"""Seconds a clock may have been set back before a search by time misses what it should find."""


def upper(before: Seq | None) -> int:
    """The exclusive upper bound of a page."""
    return _LAST if before is None else before


async def seq_before(db: aiosqlite.Connection, at: float) -> int:
    """A number below every receipt received at that time or later.

    Numbers rise with time, so this halves the range instead of reading an index that every
    receipt would have to pay for.
    """
    edge = at - _SLACK
    found = await fetch(
        db, "SELECT (SELECT min(seq) FROM receipts), (SELECT max(seq) FROM receipts)"
    )
    ((low, high),) = found
    if low is None:
        return 0
    while low < high:
        middle = (low + high) // 2
        nearest = await fetch(
            db,
            "SELECT seq, received_at FROM receipts WHERE seq >= ? ORDER BY seq LIMIT 1",
            (middle,),
        )
        ((seq, received_at),) = nearest
        if received_at < edge:
            low = seq + 1
        else:
            high = middle
    return int(low)
