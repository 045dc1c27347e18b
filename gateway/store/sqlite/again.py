"""What makes old events go out again: a sender's redelivery revives what is dead, a person's replay
makes new deliveries. Runs inside a transaction of the writer.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from gateway.model.ids import EventId, Seq
from gateway.model.records import Due, Moved, NewDelivery
from gateway.model.states import DeliveryState, Reason, Verb
from gateway.store.sqlite import inserts, keyed
from gateway.store.sqlite.inserts import Row, delivery_row, marks
from gateway.store.sqlite.keyed import Keyed
from gateway.store.sqlite.moves import move_numbered
from gateway.store.sqlite.transaction import Transaction, chunks

REVIVAL_SECONDS: Final = 60.0
"""One event's dead deliveries come back at most once in this time (DESIGN: once a minute)."""


def revive(tx: Transaction, events: Mapping[Seq, float]) -> dict[Seq, int]:
    """Brings dead deliveries of events back, each event at most once a minute.

    events: number of an event to the time its duplicate came. Returns how many came back.
    """
    dead: dict[Seq, list[int]] = {}
    for some in chunks(list(events)):
        for seq, event in tx.connection.execute(
            "SELECT seq, event FROM deliveries INDEXED BY deliveries_event "
            f"WHERE state = 'dead' AND event IN ({marks(len(some))})",
            some,
        ):
            dead.setdefault(event, []).append(seq)
    revived: dict[Seq, int] = {}
    for event, numbers in dead.items():
        at = events[event]
        (last,) = tx.connection.execute(
            "SELECT revived_at FROM events WHERE seq = ?", (event,)
        ).fetchone()
        if last is not None and 0 <= at - last < REVIVAL_SECONDS:
            continue
        tx.connection.execute("UPDATE events SET revived_at = ? WHERE seq = ?", (at, event))
        revived[event] = move_numbered(tx, numbers, Verb.REVIVE, Reason.REVIVED, "").count
    return revived


def create(tx: Transaction, event: EventId, deliveries: Sequence[NewDelivery]) -> Moved:
    """New deliveries of an event that is still kept."""
    found = tx.connection.execute(
        "SELECT seq, source FROM events WHERE id = ?", (event,)
    ).fetchone()
    if found is None:
        return Moved(0, (), [(new.id, "its event is not kept any more") for new in deliveries])
    seq, source = found
    rows: list[Row] = []
    tied: list[Keyed] = []
    for new in deliveries:
        new.seq = tx.sequence.next()
        if new.keys is not None:
            tied.append(Keyed(new, seq, source, tx.now))
            continue
        rows.append(delivery_row(new, seq, source, tx.now))
        tx.counts[new.target, new.state] += 1
    tx.changed.add(seq)
    inserts.DELIVERIES.run(tx.connection, rows)
    if tied:
        keyed.insert(tx, tied)
    due = [
        Due(new.seq, new.target, new.next_at, new.keys.fair if new.keys else None)
        for new in deliveries
        if new.state is DeliveryState.PENDING and not (new.keys and new.keys.behind)
    ]
    tx.due += due
    return Moved(len(deliveries), due)
