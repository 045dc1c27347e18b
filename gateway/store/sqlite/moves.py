"""What a person, a sender's redelivery or a change of configuration does to deliveries: the verbs of
`model.states.MOVES`. Runs inside a transaction of the writer. What attempts do is `leases`, what makes
old events go out again is `again`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from gateway.model.ids import DeliveryId, Seq
from gateway.model.records import Due, Moved, Selection
from gateway.model.states import FINAL, MOVES, DeliveryState, Reason, Trigger, Verb
from gateway.store.sqlite import lanes
from gateway.store.sqlite.inserts import OPEN, STUCK, Value, marks, text
from gateway.store.sqlite.lanes import Lane
from gateway.store.sqlite.transaction import Transaction, chunks

SLICE: Final = 2000
"""Deliveries that one commit moves; more of them go in several, so that accepts need not wait."""

_VERB_TRIGGER: Final = {Verb.RETRY: Trigger.MANUAL, Verb.REVIVE: Trigger.REVIVE}
"""What caused the next attempt; after other verbs it is what it was."""


@dataclass(frozen=True, slots=True)
class Slice:
    """What one commit of a move did, and what is left for the next."""

    moved: Moved
    rest: Sequence[int]


def move(tx: Transaction, where: Selection, verb: Verb, reason: Reason, detail: str) -> Slice:
    """Selects deliveries and applies a verb to the first of them (to all that are named)."""
    clauses, values = _clauses(where)
    if not clauses:
        return Slice(Moved(0), ())
    leaves = sorted(MOVES[verb].leaves)
    if verb is Verb.RETRY:  # whoever waits in his lane does not pass the others by asking
        clauses.append("(state <> 'pending' OR behind = 0)")
    selected = [
        seq
        for (seq,) in tx.connection.execute(
            f"SELECT seq FROM deliveries INDEXED BY {_index(where)} "
            f"WHERE {OPEN} AND state IN ({marks(len(leaves))}) AND {' AND '.join(clauses)} "
            "ORDER BY seq",
            (*leaves, *values),
        )
    ]
    refused = _refusals(tx, where, verb, selected) if where.ids else ()
    now = len(selected) if where.ids else SLICE
    moved = move_numbered(tx, selected[:now], verb, reason, detail)
    return Slice(Moved(moved.count, moved.due, refused), selected[now:])


class _Row(NamedTuple):
    """A delivery that is moved."""

    seq: Seq
    target: str
    event: int
    state: str
    reason: str
    order_key: str | None
    fair_key: str | None
    next_at: float
    attempts: int


def move_numbered(
    tx: Transaction, numbers: Sequence[int], verb: Verb, reason: Reason, detail: str
) -> Moved:
    """Applies a verb to those deliveries that it still applies to."""
    rule = MOVES[verb]
    change, values = _change(tx, verb, reason, detail)
    leaves = sorted(rule.leaves)
    due: list[Due] = []
    touched: set[Lane] = set()
    count = 0
    for some in chunks(numbers):
        rows = [
            _Row(*row)
            for row in tx.connection.execute(
                "SELECT seq, target, event, state, reason, order_key, fair_key, next_at, attempts "
                "FROM deliveries "
                f"WHERE seq IN ({marks(len(some))}) AND state IN ({marks(len(leaves))}) "
                "ORDER BY seq",
                (*some, *leaves),
            )
        ]
        tied = [row for row in rows if row.order_key is not None]
        if tied:
            touched |= _in_lanes(tx, tied, rule.to)
        tx.connection.execute(
            f"UPDATE deliveries SET {change} WHERE seq IN ({marks(len(rows))})",
            (*values, *(row.seq for row in rows)),
        )
        for row in rows:
            tx.moved(row.target, row.event, row.state, rule.to)
            if rule.to is DeliveryState.PENDING and row.order_key is None:
                waits = rule.waits_on and not row.attempts
                at = max(row.next_at, tx.now) if waits else tx.now
                due.append(Due(row.seq, row.target, at, row.fair_key))
        count += len(rows)
    tx.due += due
    if touched and rule.to is not DeliveryState.HELD:  # what is held stays in its lane's way
        due += lanes.settle(tx, touched)
    return Moved(count, due)


def _change(tx: Transaction, verb: Verb, reason: Reason, detail: str) -> tuple[str, list[Value]]:
    """What a verb sets."""
    rule = MOVES[verb]
    change = "state = ?, reason = ?, detail = ?, updated_at = ?"
    values: list[Value] = [rule.to, reason, text(detail), tx.now]
    if rule.new_window:
        change += ", window_started_at = ?, window_attempts = 0, deaths = 0, begun = 0, next_at = "
        change += "CASE WHEN ? AND attempts = 0 THEN max(next_at, ?) ELSE ? END"
        values += [tx.now, rule.waits_on, tx.now, tx.now]
    if rule.to in FINAL:
        change += ", behind = 0"
    if verb in _VERB_TRIGGER:
        change += ", trigger = ?"
        values.append(_VERB_TRIGGER[verb])
    return change, values


def _in_lanes(tx: Transaction, rows: Sequence[_Row], to: DeliveryState) -> set[Lane]:
    """Prepares the lanes of deliveries that are moved; returns them."""
    # What comes back goes to its place in the lane, which another one may be using just now.
    back = [row.seq for row in rows if row.state == DeliveryState.DEAD]
    if back:
        tx.connection.execute(
            f"UPDATE deliveries SET behind = 1 WHERE seq IN ({marks(len(back))})", back
        )
    found: set[Lane] = set()
    for row in rows:
        lane = (row.target, row.order_key or "")
        found.add(lane)
        if row.reason == Reason.ORDER and to is DeliveryState.PENDING:
            lanes.pass_over(tx, lane)
    return found


def _index(where: Selection) -> str:
    """The index to go by: the planner does not know how selective each is."""
    if where.ids:
        return "deliveries_id"
    return "deliveries_event" if where.event is not None else "deliveries_open"


def _clauses(where: Selection) -> tuple[list[str], list[Value]]:
    clauses: list[str] = []
    values: list[Value] = []
    if where.ids:
        # As one JSON value any number of ids fits into one statement.
        clauses.append("id IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(where.ids))
    if where.event is not None:
        clauses.append("event = (SELECT seq FROM events WHERE id = ?)")
        values.append(where.event)
    for column in ("source", "route", "target", "state", "reason"):
        value = getattr(where, column)
        if value is not None:
            clauses.append(f"{column} = ?")
            values.append(value)
    return clauses, values


def _refusals(
    tx: Transaction, where: Selection, verb: Verb, selected: Sequence[int]
) -> list[tuple[DeliveryId, str]]:
    """Named deliveries that were not selected, each with the reason."""
    found = {
        name: (seq, DeliveryState(state), bool(behind))
        for name, seq, state, behind in tx.connection.execute(
            "SELECT id, seq, state, behind FROM deliveries "
            "WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(where.ids),),
        )
    }
    moving = set(selected)
    refused: list[tuple[DeliveryId, str]] = []
    for name in dict.fromkeys(where.ids):
        if name not in found:
            refused.append((name, "there is no such delivery (any more)"))
        elif found[name][0] not in moving:
            _, state, behind = found[name]
            refused.append((name, _why_not(state, verb, behind=behind)))
    return refused


def _why_not(state: DeliveryState, verb: Verb, *, behind: bool) -> str:
    if state is DeliveryState.PENDING and verb is Verb.RETRY and behind:
        return "another delivery of its lane comes first"
    if state in MOVES[verb].leaves:
        return "it does not fit the rest of the selection"
    if state in FINAL:
        return f"it is {state}: that is final, only a replay makes a new delivery"
    if state is DeliveryState.LEASED:
        return "an attempt is under way, ask again when it has ended"
    return f"it is {state}: {verb} does not apply"


def release_paused(tx: Transaction) -> Slice:
    """Selects deliveries that nothing pauses any more and releases the first of them."""
    selected = [
        seq
        for (seq,) in tx.connection.execute(
            f"""
            SELECT seq FROM deliveries d INDEXED BY deliveries_stuck
            WHERE {STUCK} AND state = 'held' AND reason = 'paused' AND NOT EXISTS (
                SELECT 1 FROM pauses p
                WHERE (p.kind = 'source' AND p.name = d.source)
                   OR (p.kind = 'route' AND p.name = d.route)
                   OR (p.kind = 'target' AND p.name = d.target))
            ORDER BY seq"""
        )
    ]
    return Slice(release_numbered(tx, selected[:SLICE]), selected[SLICE:])


# Not by an index: SQLite would walk all that is held instead of these.
PAUSED: Final = (
    "SELECT seq, attempts > 0 FROM deliveries NOT INDEXED "
    "WHERE state = 'held' AND reason = 'paused' AND seq IN ({})"
)


def release_numbered(tx: Transaction, numbers: Sequence[int]) -> Moved:
    """Releases those of the deliveries that are still held as paused."""
    count = 0
    due: list[Due] = []
    for some in chunks(numbers):
        paused = tx.connection.execute(PAUSED.format(marks(len(some))), some).fetchall()
        for tried, reason in ((0, Reason.NEW), (1, Reason.RETRY)):
            mine = [seq for seq, was_tried in paused if was_tried == tried]
            moved = move_numbered(tx, mine, Verb.RELEASE, reason, "")
            count += moved.count
            due += moved.due
    return Moved(count, due)
