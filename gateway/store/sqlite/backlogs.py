"""Overviews over all deliveries and sources, each answered from an index."""

from collections.abc import Sequence
from typing import Final

import aiosqlite

from gateway.model.ids import EventId
from gateway.store.protocol import SourceActivity, TargetBacklog
from gateway.store.sqlite.inserts import OPEN, STUCK
from gateway.store.sqlite.rows import fetch

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
