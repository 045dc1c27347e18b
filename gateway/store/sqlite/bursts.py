"""Bursts (`debounce`): of deliveries with one (target, route, burst) that still wait, the latest
stays; those before it are superseded.

A burst is over when its wait is: what is due, or was tried, is superseded by nothing. So no stream
of events, however dense, puts a delivery off for longer than `burst_until`.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from gateway.model.ids import Seq
from gateway.model.records import Keys, NewDelivery
from gateway.model.states import DeliveryState, Reason
from gateway.store.sqlite.lanes import Lane
from gateway.store.sqlite.transaction import Transaction

WAITING: Final = "burst IS NOT NULL AND (state = 'pending' OR state = 'held')"
"""The words that let a query use the index `deliveries_burst`."""

_FOUND: Final = f"""
    SELECT seq, target, event, state, order_key, next_at, burst_until
    FROM deliveries INDEXED BY deliveries_burst
    WHERE {WAITING} AND target = ? AND route = ? AND burst = ? AND next_at > ? AND attempts = 0"""
_SUPERSEDE: Final = """
    UPDATE deliveries SET state = 'superseded', reason = 'done', detail = ?, behind = 0,
        updated_at = ?
    WHERE seq = ?"""


class _Waits(NamedTuple):
    """A row that may be superseded, in the order of `_FOUND`."""

    seq: Seq
    target: str
    event: int
    state: str
    order_key: str | None
    next_at: float
    until: float


def take_over(tx: Transaction, new: Sequence[tuple[NewDelivery, float]]) -> set[Lane]:
    """Puts each new delivery in the place of its burst's last one, those of `new` included.

    new: deliveries that are not stored yet, in order, with the time their event came. Sets when they
    are due. Returns the lanes that lost a member.
    """
    touched: set[Lane] = set()
    last: dict[tuple[str, str, str], NewDelivery] = {}
    for delivery, at in new:
        keys = delivery.keys
        if keys is None or keys.burst is None:
            continue
        place = (delivery.target, delivery.route, keys.burst)
        before = last.get(place)
        last[place] = delivery
        for waits in _stored(tx, place, at):
            _put_off(delivery, keys, waits.next_at, waits.until)
            tx.connection.execute(_SUPERSEDE, (_why(delivery), tx.now, waits.seq))
            tx.moved(waits.target, waits.event, waits.state, DeliveryState.SUPERSEDED)
            keys.took_over += (waits.seq,)
            if waits.order_key is not None:
                touched.add((waits.target, waits.order_key))
        if before is not None and before.keys is not None and before.next_at > at:
            _put_off(delivery, keys, before.next_at, before.keys.burst_until)
            before.state, before.reason = DeliveryState.SUPERSEDED, Reason.DONE
            before.detail = _why(delivery)
    return touched


def _stored(tx: Transaction, place: tuple[str, str, str], at: float) -> list[_Waits]:
    return [_Waits(*row) for row in tx.connection.execute(_FOUND, (*place, at))]


def _put_off(new: NewDelivery, keys: Keys, next_at: float, until: float) -> None:
    """Starts the wait anew, but no longer than the burst that goes on may take."""
    keys.burst_until = min(keys.burst_until, until)
    new.next_at = min(max(new.next_at, next_at), keys.burst_until)


def _why(new: NewDelivery) -> str:
    return f"{new.id} took its place"
