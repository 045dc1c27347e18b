"""Pages of events. A selective filter drives through its index; what it leaves is looked at in
short reads of a bounded number of rows.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import aiosqlite

from gateway.model.ids import EventId, Seq, key_digest
from gateway.model.records import EventSummary
from gateway.store.protocol import EventFilter
from gateway.store.sqlite import keys, rows, subjects
from gateway.store.sqlite.bounds import seq_before, upper
from gateway.store.sqlite.inserts import OPEN, Value, marks
from gateway.store.sqlite.rows import EVENT, EVENT_WIDTH, fetch

_FIRST_LOOK: Final = 500
_LOOK: Final = 5000
"""Candidates looked at in one read."""

# A dead delivery is made good by a later replay of it (or of its event on the same route to the
# same target) that was delivered.
_MADE_GOOD: Final = """EXISTS (
    SELECT 1 FROM deliveries x
    WHERE x.event = d.event AND x.state = 'delivered' AND x.replay_of IS NOT NULL
      AND (x.replay_of = d.id OR (x.route = d.route AND x.target = d.target AND x.seq > d.seq)))"""
_HAS: Final = "EXISTS (SELECT 1 FROM deliveries d WHERE d.event = e.seq"
STATE: Final = f"""CASE
    WHEN {_HAS} AND d.state = 'dead' AND NOT {_MADE_GOOD}) THEN 'dead'
    WHEN {_HAS} AND d.state = 'held') THEN 'held'
    WHEN {_HAS} AND d.state IN ('pending', 'leased')) THEN 'pending'
    WHEN {_HAS} AND d.state = 'delivered') THEN 'delivered'
    WHEN {_HAS}) THEN 'canceled'
    ELSE 'unrouted' END"""
"""DESIGN 7: the first that applies; of `events e`."""

_OPEN_STATES: Final = {"dead": ("dead",), "held": ("held",), "pending": ("pending", "leased")}
"""Event states that the index of unfinished deliveries can find, with those deliveries' states."""

_COUNTS: Final = """
    SELECT event, state, count(*) FROM deliveries
    WHERE event IN (SELECT value FROM json_each(?)) GROUP BY event, state"""
# Hops from one type to the next in the index: there are few types and many events.
_TYPES: Final = """
    WITH RECURSIVE types (name) AS (
        SELECT min(type) FROM events
        UNION ALL
        SELECT (SELECT min(type) FROM events WHERE type > name) FROM types WHERE name IS NOT NULL)
    SELECT name FROM types WHERE name IS NOT NULL"""
BY_TEXT: Final = (
    ("events WHERE id = ?", "seq"),
    ("subjects WHERE subject = ?", "event"),
    # What no index lists yet is walked through, so a page's bounds must not choose where that begins.
    (f"{subjects.NOT_LISTED} AND subject = ?", "+seq"),
    # Where both are one, the key is found by its digest.
    ("events WHERE dedup_key IS NOT NULL AND provider_id = ?", "seq"),
)
"""Ways to the events that a text names: FROM and WHERE, and the column that names the event."""
_SOURCES: Final = _TYPES.replace("type", "source")


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to candidates: a query's FROM and WHERE, and the column that names the event."""

    rest: str
    values: tuple[Value, ...] = ()
    column: str = "seq"


async def _candidates(
    db: aiosqlite.Connection, ways: Sequence[_Way], low: int, high: int, limit: int
) -> list[int]:
    """The newest `limit` numbers of all ways together, in low <= n < high."""
    parts = [
        f"SELECT * FROM (SELECT DISTINCT {way.column} AS event FROM {way.rest} "
        f"AND {way.column} >= ? AND {way.column} < ? ORDER BY {way.column} DESC LIMIT ?)"
        for way in ways
    ]
    values = [value for way in ways for value in (*way.values, low, high, limit)]
    if not parts:
        return []
    found = await fetch(
        db, f"{' UNION '.join(parts)} ORDER BY event DESC LIMIT ?", (*values, limit)
    )
    return [row[0] for row in found]


async def page(
    db: aiosqlite.Connection, where: EventFilter, before: Seq | None, limit: int
) -> Sequence[EventSummary]:
    """Newest first, those with a smaller sequence number than `before`."""
    ways = await _ways(db, where)
    low = 0 if where.since is None else await seq_before(db, where.since)
    high = upper(before)
    found: list[EventSummary] = []
    look = max(limit, 1) if _needs_no_look(where) else _FIRST_LOOK
    while len(found) < limit:
        candidates = await _candidates(db, ways, low, high, look)
        found += await _summaries(db, candidates, where, limit - len(found))
        if len(candidates) < look:
            break
        high = candidates[-1]
        look = _LOOK
    return found


async def one(db: aiosqlite.Connection, id: EventId) -> EventSummary | None:
    """One event by our id."""
    found = await fetch(db, "SELECT seq FROM events WHERE id = ?", (id,))
    numbers = [row[0] for row in found]
    summaries = await _summaries(db, numbers, EventFilter(), 1)
    return summaries[0] if summaries else None


def _needs_no_look(where: EventFilter) -> bool:
    """Whether every candidate is sure to be shown."""
    return where == EventFilter() or where in (
        EventFilter(source=where.source),
        EventFilter(type=where.type),
    )


async def _ways(db: aiosqlite.Connection, where: EventFilter) -> Sequence[_Way]:
    if where.text is not None:
        return await _by_text(db, where.text)
    if where.state in _OPEN_STATES:
        rest = f"deliveries INDEXED BY deliveries_open WHERE {OPEN} AND state = ?"
        return [_Way(rest, (state,), "event") for state in _OPEN_STATES[where.state]]
    if where.type is not None:
        types = await _matching_types(db, where.type)
        return [_Way("events INDEXED BY events_type WHERE type = ?", (one,)) for one in types]
    if where.source is not None:
        return [_Way("events INDEXED BY events_source WHERE source = ?", (where.source,))]
    return [_Way("events WHERE true")]


async def _by_text(db: aiosqlite.Connection, text: str) -> Sequence[_Way]:
    """Our id, the provider's id, the dedup key or the subject, whole: an index each."""
    digests = [
        key_digest(source, text, verified=verified)
        for (source,) in await fetch(db, _SOURCES)
        for verified in (True, False)
    ]
    return [
        *(_Way(rest, (text,), column) for rest, column in BY_TEXT),
        *(_Way("digests WHERE digest = ?", (digest,), "event") for digest in digests),
        _Way(f"{keys.NOT_SWEPT} AND digest IN ({marks(len(digests))})", tuple(digests), "+event"),
    ]


async def _matching_types(db: aiosqlite.Connection, pattern: str) -> list[str]:
    if "*" not in pattern:
        return [pattern]
    found = await fetch(db, _TYPES)
    return [row[0] for row in found if _matches(pattern, row[0])]


def _matches(pattern: str, type: str) -> bool:
    """A glob by segment: `*` stands for one segment, at the end for one or more."""
    wanted = pattern.split(".")
    has = type.split(".")
    if wanted[-1] == "*" and len(has) > len(wanted):
        has = has[: len(wanted)]
    return len(wanted) == len(has) and all(w in ("*", h) for w, h in zip(wanted, has, strict=True))


async def _summaries(
    db: aiosqlite.Connection, candidates: Sequence[int], where: EventFilter, limit: int
) -> list[EventSummary]:
    """The first `limit` candidates that the whole filter lets through, newest first."""
    if not candidates:
        return []
    clauses, values = _clauses(where)
    if where.type is not None:
        clauses.append("e.type IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(await _matching_types(db, where.type)))
    found = await fetch(
        db,
        f"SELECT {EVENT}, {STATE} FROM json_each(?) c CROSS JOIN events e ON e.seq = c.value "
        "JOIN receipts r ON r.seq = e.receipt "
        f"WHERE {' AND '.join(clauses) or 'true'} ORDER BY c.key LIMIT ?",
        (json.dumps(candidates), *values, limit),
    )
    counts: dict[int, dict[str, int]] = {row[0]: {} for row in found}
    for event, state, count in await fetch(db, _COUNTS, (json.dumps(list(counts)),)):
        counts[event][state] = count
    return [EventSummary(rows.event(row), row[EVENT_WIDTH], counts[row[0]]) for row in found]


def _clauses(where: EventFilter) -> tuple[list[str], list[Value]]:
    parts: list[tuple[str, Value]] = [
        ("e.source = ?", where.source),
        (f"{STATE} = ?", where.state),
        ("r.received_at >= ?", where.since),
        ("r.received_at <= ?", where.until),
    ]
    given = [(clause, value) for clause, value in parts if value is not None]
    return [clause for clause, _ in given], [value for _, value in given]
