"""What became of leased deliveries, and how deliveries are leased. Runs inside a transaction of the
writer. Verbs and replays are `moves`; leases of a process that died are `recovery`; who of a lane is
next is `lanes`.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from gateway.model.ids import Seq
from gateway.model.records import Attempt, Due, Result
from gateway.model.states import DeliveryState, Trigger
from gateway.store.sqlite import inserts, lanes
from gateway.store.sqlite.inserts import NAMED, Row, Rows, listed, text
from gateway.store.sqlite.lanes import Lane
from gateway.store.sqlite.rows import fetch_now, together
from gateway.store.sqlite.transaction import Transaction

# As few steps as can be: each statement, and each row of an answer, hands Python's lock over (see
# `rows.together`). So all rows come as one text, and go as the VALUES of one UPDATE.
RECORDED: Final = together(
    "seq, target, event, state, order_key, fair_key", f"deliveries WHERE seq IN {NAMED}"
)
_RECORD: Final = Rows(
    """
    UPDATE deliveries SET
        state = done.column2, reason = done.column3, detail = done.column4, next_at = done.column5,
        attempts = attempts + done.column6,
        window_started_at = CASE WHEN done.column6 AND window_attempts = 0
            THEN done.column7 ELSE window_started_at END,
        window_attempts = window_attempts + done.column6,
        deaths = CASE done.column6 WHEN 0 THEN deaths ELSE 0 END, begun = 0,
        trigger = CASE done.column8 WHEN '' THEN trigger ELSE done.column8 END,
        updated_at = done.column9
    FROM (VALUES""",
    9,
    ") done WHERE deliveries.seq = done.column1",
)
_KEPT: Final = "SELECT 1 FROM attempts WHERE delivery = ? AND number = ? AND at = ?"
_JOIN: Final = "UPDATE deliveries SET order_key = ?, stops = ?, behind = 1 WHERE seq = ?"


def record(tx: Transaction, results: Sequence[Result]) -> None:
    """Stores what became of leased deliveries. An attempt is kept in any case: it was made.

    An attempt that came to its end clears `deaths`: what the process survives is no poison. The
    first of a retry window begins it. What waits again, and what is next in a lane, is announced.
    """
    numbers = [result.delivery for result in results]
    rows = {row[0]: _Row(*row) for row in fetch_now(tx.connection, RECORDED, numbers)}
    attempts = [
        _attempt_row(tx, result.delivery, result.attempt)
        for result in results
        if result.attempt is not None and not _has(tx, rows, result.delivery, result.attempt)
    ]
    updates: list[Row] = []
    joins: list[Row] = []
    touched: set[Lane] = set()
    for result in results:
        found = rows.pop(result.delivery, None)
        if found is None:
            continue
        order_key = found.order_key
        if found.state == DeliveryState.LEASED:
            updates.append(_update(tx, result))
            tx.moved(found.target, found.event, DeliveryState.LEASED, result.state)
            if result.joins is not None and result.joins.order is not None:
                order_key = text(result.joins.order)
                joins.append((order_key, result.joins.stops, result.delivery))
        elif result.attempt is not None:
            # A commit that was taken for failed has recorded it: only the news of it is missing.
            tx.moved(found.target, found.event, DeliveryState.LEASED, result.state)
        if order_key is not None:
            touched.add((found.target, order_key))
        elif result.state is DeliveryState.PENDING:
            tx.due.append(Due(result.delivery, found.target, result.next_at, found.fair_key))
    _RECORD.run(tx.connection, updates)
    inserts.ATTEMPTS.run(tx.connection, attempts)
    if touched:
        tx.connection.executemany(_JOIN, joins)
        lanes.settle(tx, touched)


class _Row(NamedTuple):
    """A delivery that has a result."""

    seq: int
    target: str
    event: int
    state: str
    order_key: str | None
    fair_key: str | None


def _has(tx: Transaction, rows: Mapping[int, _Row], delivery: Seq, attempt: Attempt) -> bool:
    """Whether a commit that was taken for failed has kept this attempt."""
    found = rows.get(delivery)
    if found is None or found.state == DeliveryState.LEASED:
        return False
    kept = tx.connection.execute(_KEPT, (delivery, attempt.number, attempt.at))
    return kept.fetchone() is not None


def _update(tx: Transaction, result: Result) -> Row:
    """The values of `_RECORD`."""
    made = int(result.attempt is not None)
    again = Trigger.RETRY if made and result.state is DeliveryState.PENDING else ""
    return (
        result.delivery,
        result.state,
        result.reason,
        text(result.detail),
        result.next_at,
        made,
        result.attempt.at if result.attempt is not None else 0.0,
        again,
        tx.now,
    )


def _attempt_row(tx: Transaction, delivery: Seq, attempt: Attempt) -> Row:
    return (
        tx.sequence.next(),
        delivery,
        attempt.number,
        attempt.at,
        attempt.endpoint,
        attempt.status,
        attempt.error,
        text(attempt.message),
        attempt.duration,
        attempt.answer,
        attempt.trigger,
    )


# Not by an index: SQLite would walk all that is pending instead of these few rows.
LEASABLE: Final = together(
    "seq, target, event",
    f"deliveries NOT INDEXED WHERE state = 'pending' AND behind = 0 AND seq IN {NAMED}",
)
# pending's rate and breaker_open are no reasons of leased ones.
LEASE: Final = (
    "UPDATE deliveries SET state = 'leased', updated_at = ?, reason = CASE "
    "WHEN reason IN ('new', 'retry', 'revived') THEN reason "
    "WHEN attempts = 0 THEN 'new' ELSE 'retry' END "
    f"WHERE seq IN {NAMED}"
)


def lease(tx: Transaction, deliveries: Sequence[Seq]) -> list[Seq]:
    """Takes those that are still pending and in front of their lane, in the order given."""
    found = fetch_now(tx.connection, LEASABLE, deliveries)
    for _, target, event in found:
        tx.moved(target, event, DeliveryState.PENDING, DeliveryState.LEASED)
    taken = {seq for seq, _, _ in found}
    mine = [seq for seq in dict.fromkeys(deliveries) if seq in taken]
    tx.connection.execute(LEASE, (tx.now, listed(mine)))
    return mine


def adopt(tx: Transaction, after: int) -> None:
    """Takes in the deliveries with higher numbers: of a commit that was taken for failed and is in
    the file after all. Nobody has their leases, so they wait as if they were new."""
    found = tx.connection.execute(
        "SELECT seq, target, event, state, next_at, fair_key, behind FROM deliveries WHERE seq > ?",
        (after,),
    ).fetchall()
    for seq, target, event, state, next_at, fair_key, behind in found:
        leased = state == DeliveryState.LEASED
        tx.moved(target, event, None, DeliveryState.PENDING if leased else state)
        if leased or (state == DeliveryState.PENDING and not behind):
            tx.due.append(Due(seq, target, next_at, fair_key))
    tx.connection.execute(
        "UPDATE deliveries SET state = 'pending', updated_at = ? "
        "WHERE state = 'leased' AND seq > ?",
        (tx.now, after),
    )
    lanes.announce(tx)


def begin(tx: Transaction, delivery: Seq) -> None:
    """Marks that an attempt of a suspect is under way."""
    tx.connection.execute(
        "UPDATE deliveries SET begun = 1 WHERE seq = ? AND state = 'leased'", (delivery,)
    )
