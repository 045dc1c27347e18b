"""New deliveries that are tied to others of their target: their bursts, their lanes, their rows.

A new one is the last of its lane. Where the lane is free it is in front and stays what it was meant
to be (leased even); else it is behind, and pending.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from gateway.model.ids import Seq
from gateway.model.records import NewDelivery
from gateway.model.states import DeliveryState
from gateway.store.sqlite import bursts, inserts, lanes
from gateway.store.sqlite.inserts import Row, delivery_row, text
from gateway.store.sqlite.lanes import Lane
from gateway.store.sqlite.transaction import Transaction

_MEMBERS: Final = frozenset({DeliveryState.PENDING, DeliveryState.LEASED, DeliveryState.HELD})


class Keyed(NamedTuple):
    """A delivery with `Keys` and what its row says beside."""

    delivery: NewDelivery
    event: Seq
    source: str
    at: float
    """When its event came."""


def insert(tx: Transaction, new: Sequence[Keyed]) -> None:
    """Stores new deliveries, in the order of their numbers."""
    touched = bursts.take_over(tx, [(one.delivery, one.at) for one in new])
    wanted = {lane for one in new if (lane := _lane(one.delivery)) is not None}
    taken = lanes.taken(tx, wanted)
    touched |= {lane for lane, state in taken.items() if state == DeliveryState.DEAD}
    full = touched | set(taken)
    rows: list[Row] = []
    for one in new:
        lane = _lane(one.delivery)
        behind = lane in full
        if lane is not None:
            full.add(lane)
        rows.append(_row(one, behind=behind))
        tx.counts[one.delivery.target, _state(one.delivery, behind=behind)] += 1
    inserts.KEYED.run(tx.connection, rows)
    lanes.settle(tx, touched)


def _lane(delivery: NewDelivery) -> Lane | None:
    keys = delivery.keys
    if keys is None or keys.order is None or delivery.state not in _MEMBERS:
        return None
    return delivery.target, text(keys.order)


def _state(delivery: NewDelivery, *, behind: bool) -> DeliveryState:
    waits = behind and delivery.state is DeliveryState.LEASED
    return DeliveryState.PENDING if waits else delivery.state


def _row(one: Keyed, *, behind: bool) -> Row:
    delivery = one.delivery
    keys = delivery.keys
    assert keys is not None  # noqa: S101  # `insert` is given no others
    keys.behind = behind
    order = None if keys.order is None else text(keys.order)
    seq, id, event, source, route, target, order_key, _, *rest = delivery_row(
        delivery, one.event, one.source, one.at, order
    )
    return (
        *(seq, id, event, source, route, target, order_key, _state(delivery, behind=behind), *rest),
        behind,
        keys.stops,
        None if keys.fair is None else text(keys.fair),
        None if keys.burst is None else text(keys.burst),
        keys.burst_until,
    )
