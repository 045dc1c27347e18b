"""What waits for a target, and overviews over all deliveries and sources: each from an index."""

from collections.abc import Sequence
from typing import Final

import aiosqlite

from gateway.model.ids import EventId, Seq
from gateway.model.records import Due
from gateway.store.protocol import SourceActivity, TargetBacklog
from gateway.store.sqlite.inserts import OPEN, STUCK
from gateway.store.sqlite.rows import fetch, fetch_together, together

_DUE: Final = (
    "deliveries INDEXED BY deliveries_due WHERE state = 'pending' AND target = ? AND behind = 0"
)
_CLAIM: Final = f"""
    SELECT * FROM (
        SELECT seq, next_at, fair_key FROM {_DUE}
            AND fair_key IS ? AND (next_at, seq) > (?, ?)
        ORDER BY next_at, seq LIMIT ?)"""
_CLAIMED: Final = "seq, quote(next_at), fair_key"
"""The time with all its digits: it is the place from where the next page goes on."""
# Hops from one key to the next in the index, however many deliveries have it.
_SHARES: Final = f"""
    WITH RECURSIVE shares (key) AS (
        SELECT (SELECT min(fair_key) FROM {_DUE} AND fair_key > ?)
        UNION ALL
        SELECT (SELECT min(fair_key) FROM {_DUE} AND fair_key > key) FROM shares
        WHERE key IS NOT NULL)
    SELECT key FROM shares WHERE key IS NOT NULL LIMIT ?"""
_FIRST_SHARE: Final = _SHARES.replace("fair_key > ?", "fair_key >= ?")
_COUNTS: Final = f"""
    SELECT target, 'pending', count(*) FROM deliveries WHERE state = 'pending' GROUP BY target
    UNION ALL
    SELECT target, state, count(*) FROM deliveries
    WHERE state IN ('held', 'dead') AND {STUCK} GROUP BY state, target
    UNION ALL
    SELECT target, 'leased', count(*) FROM deliveries WHERE state = 'leased' AND {OPEN} GROUP BY target"""
_OLDEST: Final = """
    SELECT d.target, d.created_at
    FROM (SELECT min(seq) AS seq FROM deliveries WHERE state = 'pending' GROUP BY target) oldest
    JOIN deliveries d ON d.seq = oldest.seq"""
# Hops from one source to the next in the index, instead of reading all of it.
_ACTIVITY: Final = """
    WITH RECURSIVE sources (name) AS (
        SELECT min(source) FROM events
        UNION ALL
        SELECT (SELECT min(source) FROM events WHERE source > name) FROM sources
        WHERE name IS NOT NULL)
    SELECT s.name, r.received_at, e.id
    FROM sources s
    JOIN events e ON e.seq = (SELECT max(seq) FROM events WHERE source = s.name)
    JOIN receipts r ON r.seq = e.receipt
    ORDER BY s.name"""


async def claim(
    db: aiosqlite.Connection,
    target: str,
    places: Sequence[tuple[str | None, tuple[float, Seq]]],
    limit: int,
) -> Sequence[Due]:
    """Pending deliveries of a target, of each share so many, after its place."""
    query = " UNION ALL ".join([_CLAIM] * len(places))
    values = [value for key, after in places for value in (target, key, *after, limit)]
    found = await fetch_together(db, together(_CLAIMED, f"({query})"), values)
    return [Due(seq, target, float(at), key) for seq, at, key in found]


async def shares(
    db: aiosqlite.Connection, target: str, after: str | None, limit: int
) -> Sequence[str]:
    """Keys of shares of a target, after that one."""
    query = _FIRST_SHARE if after is None else _SHARES
    return [row[0] for row in await fetch(db, query, (target, after or "", target, limit))]


async def backlog(db: aiosqlite.Connection) -> Sequence[TargetBacklog]:
    """What waits for each target, in order of their names."""
    counts: dict[str, dict[str, int]] = {}
    for target, state, count in await fetch(db, _COUNTS):
        counts.setdefault(target, {})[state] = count
    oldest: dict[str, float] = {row[0]: row[1] for row in await fetch(db, _OLDEST)}
    return [TargetBacklog(target, counts[target], oldest.get(target)) for target in sorted(counts)]


async def activity(db: aiosqlite.Connection) -> Sequence[SourceActivity]:
    """The last event of each source that has any."""
    return [
        SourceActivity(source, at, EventId(name)) for source, at, name in await fetch(db, _ACTIVITY)
    ]
