"""Lanes: of all deliveries with one (target, order key), one at a time, in order of their numbers.

A lane's *members* are pending, leased or held, or dead and made to stop it (`on_dead: hold`). The
first is *in front*, the others are *behind* it: a column, so that what is due and what is next are
each one step in an index, however many wait. Every job that may change who is first calls `settle`
for that lane before its transaction ends. A front that is leased stays in front until its result is
recorded, even where an older one came back meanwhile.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from gateway.model.ids import Seq
from gateway.model.records import Due
from gateway.model.states import DeliveryState, Reason
from gateway.store.sqlite.transaction import Transaction, chunks

Lane = tuple[str, str]
"""(target, order key)"""

MEMBER: Final = (
    "order_key IS NOT NULL AND (state = 'pending' OR state = 'leased' OR state = 'held' "
    "OR (state = 'dead' AND stops = 1))"
)
"""The words that let a query use the index `deliveries_lane`."""

_COLUMNS: Final = (
    "seq, deliveries.id, target, event, order_key, state, reason, next_at, attempts, fair_key"
)
_OF: Final = (
    f"{MEMBER} AND target = json_extract(lane.value, '$[0]') "
    "AND order_key = json_extract(lane.value, '$[1]')"
)
_FRONTS: Final = (
    f"SELECT {_COLUMNS} FROM json_each(?) lane "
    f"CROSS JOIN deliveries INDEXED BY deliveries_lane ON {_OF} AND behind = 0"
)
_NEXT: Final = f"""
    SELECT {_COLUMNS} FROM deliveries WHERE seq IN (
        SELECT (SELECT seq FROM deliveries INDEXED BY deliveries_lane
                WHERE {_OF} AND behind = 1 ORDER BY seq LIMIT 1)
        FROM json_each(?) lane)"""
_BROKEN: Final = f"""
    SELECT target, order_key FROM deliveries INDEXED BY deliveries_lane WHERE {MEMBER}
    GROUP BY target, order_key HAVING sum(behind = 0) <> 1"""
_WAITING_FRONTS: Final = f"""
    SELECT seq, target, next_at, fair_key FROM deliveries INDEXED BY deliveries_lane
    WHERE {MEMBER} AND behind = 0 AND state = 'pending'"""
_TO_FRONT: Final = "UPDATE deliveries SET behind = 0, updated_at = ? WHERE seq = ?"
_BEHIND: Final = "UPDATE deliveries SET behind = 1 WHERE seq = ?"
_STOP: Final = (
    "UPDATE deliveries SET state = 'held', reason = 'order', detail = ?, updated_at = ? "
    "WHERE seq = ?"
)
_GO_ON: Final = """
    UPDATE deliveries SET state = 'pending', reason = ?, detail = '', updated_at = ?, next_at = ?,
        window_started_at = ?, window_attempts = 0, deaths = 0, begun = 0
    WHERE seq = ?"""
_WAIVE: Final = f"""
    UPDATE deliveries INDEXED BY deliveries_lane SET stops = 0
    WHERE {MEMBER} AND target = ? AND order_key = ? AND behind = 0 AND state = 'dead'"""


class _Member(NamedTuple):
    """In the order of `_COLUMNS`."""

    seq: int
    id: str
    target: str
    event: int
    order_key: str
    state: str
    reason: str
    next_at: float
    attempts: int
    fair_key: str | None


def taken(tx: Transaction, lanes: Iterable[Lane]) -> dict[Lane, str]:
    """The lanes that have a front already, each with its state."""
    found: dict[Lane, str] = {}
    for some in chunks(list(lanes)):
        for one in _members(tx, _FRONTS, some):
            found[one.target, one.order_key] = one.state
    return found


def settle(tx: Transaction, lanes: Iterable[Lane]) -> list[Due]:
    """Puts the first of each lane in front. Returns, and announces, which fronts may be tried."""
    due: list[Due] = []
    for some in chunks(list(lanes)):
        fronts: defaultdict[Lane, list[_Member]] = defaultdict(list)
        for one in _members(tx, _FRONTS, some):
            fronts[one.target, one.order_key].append(one)
        after = {(one.target, one.order_key): one for one in _members(tx, _NEXT, some)}
        for lane in some:
            in_front = fronts.get(lane, [])
            waits = after.get(lane)
            if any(one.state == DeliveryState.LEASED for one in in_front):
                continue
            candidates = [*in_front, waits] if waits is not None else in_front
            if not candidates:
                continue
            first = min(candidates)
            displaced = [(one.seq,) for one in in_front if one is not first]
            tx.connection.executemany(_BEHIND, displaced)
            if first is waits:
                tx.connection.execute(_TO_FRONT, (tx.now, first.seq))
            due += _front(tx, lane, first)
    tx.due += due
    return due


def _members(tx: Transaction, query: str, lanes: Sequence[Lane]) -> list[_Member]:
    return [_Member(*row) for row in tx.connection.execute(query, (json.dumps(lanes),))]


def _front(tx: Transaction, lane: Lane, first: _Member) -> list[Due]:
    """What becomes of a lane whose first is this one."""
    if first.state == DeliveryState.PENDING:
        return [Due(Seq(first.seq), first.target, first.next_at, first.fair_key)]
    if first.state == DeliveryState.DEAD:
        _stop(tx, lane, first)
    elif first.reason == Reason.ORDER:
        # What it was held for is delivered, canceled or passed over.
        reason, at = Reason.RETRY, tx.now
        if not first.attempts:  # its own wait (`delay`) is not over because the lane goes on
            reason, at = Reason.NEW, max(tx.now, first.next_at)
        tx.connection.execute(_GO_ON, (reason, tx.now, at, tx.now, first.seq))
        tx.moved(first.target, first.event, DeliveryState.HELD, DeliveryState.PENDING)
        return [Due(Seq(first.seq), first.target, at, first.fair_key)]
    return []


def _stop(tx: Transaction, lane: Lane, dead: _Member) -> None:
    """Holds the next of a lane whose first is dead, so that a person sees that the lane stands."""
    for waits in _members(tx, _NEXT, [lane]):
        if waits.state == DeliveryState.PENDING:
            why = f"{dead.id} is dead, and comes before it in its lane"
            tx.connection.execute(_STOP, (why, tx.now, waits.seq))
            tx.moved(waits.target, waits.event, DeliveryState.PENDING, DeliveryState.HELD)


def pass_over(tx: Transaction, lane: Lane) -> None:
    """A person lets a lane go on although its first is dead. `settle` is the caller's."""
    tx.connection.execute(_WAIVE, lane)


def announce(tx: Transaction) -> None:
    """Says of every front that it may be tried: of a commit that was taken for failed nobody heard."""
    tx.due += [
        Due(seq, target, next_at, fair_key)
        for seq, target, next_at, fair_key in tx.connection.execute(_WAITING_FRONTS)
    ]


def mend(tx: Transaction) -> None:
    """Settles every lane that has not exactly one front: after a death that `recovery` found."""
    settle(tx, tx.connection.execute(_BROKEN).fetchall())
