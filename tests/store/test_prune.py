"""Retention: what goes, what stays, and that numbers never come back. Against every store."""

import pytest

from gateway.errors import StoreUnavailable
from gateway.model.states import DeliveryState, Reason
from gateway.store.protocol import EventFilter, Store
from tests.store.conftest import Bench
from tests.store.make import LATE, admission, attempt, delivery, event, result

S = DeliveryState
LATER = LATE


async def prune(store: Store, *, keys: float = 0.0, limit: int = 3) -> int:
    total = 0
    while gone := await store.prune(LATER, keys, limit):
        total += gone
    return total


async def test_old_and_finished_events_go_with_all_that_is_theirs(bench: Bench) -> None:
    store = await bench.open()
    receipts = set()
    for number in range(10):
        made = delivery(state=S.LEASED)
        await store.accept(admission(event(str(number), made)))
        await store.record([result(made.seq, tried=attempt())])
        receipts |= {e.event.receipt for e in await store.events(EventFilter(), None, 1)}
    await store.accept(admission(event("young"), at=LATER))
    # ten each of attempts, deliveries, events, receipts and packs
    assert await prune(store) == 50
    assert [e.event.dedup_key for e in await store.events(EventFilter(), None, 9)] == ["young"]
    assert [await store.receipt(seq) for seq in receipts] == [None] * 10
    assert await prune(store) == 0


async def test_unfinished_events_stay_and_dead_ones_go(store: Store) -> None:
    for key, state, reason in (
        ("pending", S.PENDING, Reason.NEW),
        ("leased", S.LEASED, Reason.NEW),
        ("held", S.HELD, Reason.PAUSED),
    ):
        await store.accept(admission(event(key, delivery(state=state, reason=reason), delivery())))
    made = delivery(state=S.LEASED)
    await store.accept(admission(event("dead", made)))
    await store.record([result(made.seq, S.DEAD, Reason.STATUS)])
    heard = []
    store.listen(heard.append)
    await prune(store)
    kept = [e.event.dedup_key for e in await store.events(EventFilter(), None, 9)]
    assert kept == ["held", "leased", "pending"]
    assert [c.counts for c in heard if c.counts] == [{("deployer", "dead"): -1}]


async def test_a_key_outlives_its_event_and_is_answered_with_its_id(bench: Bench) -> None:
    store = await bench.open()
    (first,) = await store.accept(admission(event("a")))
    await prune(store)
    for _ in range(2):
        (answer,) = await store.accept(admission(event("a"), at=LATER))
        assert (answer.duplicate, answer.id) == (True, first.id)
        store = await bench.open()


async def test_a_key_past_its_window_is_forgotten_by_disk_and_memory(store: Store) -> None:
    await store.accept(admission(event("a")))
    await prune(store, keys=LATER)
    (answer,) = await store.accept(admission(event("a"), at=LATER))
    assert not answer.duplicate


async def test_a_receipt_stays_as_long_as_one_of_its_events_does(store: Store) -> None:
    await store.accept(admission(event("a", item=0), event("b", delivery(), item=1)))
    await prune(store)
    (kept,) = await store.events(EventFilter(), None, 9)
    receipt = await store.receipt(kept.event.receipt)
    assert kept.event.dedup_key == "b"
    assert receipt is not None
    assert receipt.body


async def test_what_stays_at_the_old_end_does_not_stop_a_pass(store: Store) -> None:
    held = [event(f"h{n}", delivery(state=S.HELD, reason=Reason.PAUSED), item=n) for n in range(9)]
    await store.accept(admission(*held))
    await store.accept(admission(*(event(str(n), item=n) for n in range(7))))
    await prune(store, limit=2)
    assert len(await store.events(EventFilter(), None, 50)) == 9


async def test_numbers_never_go_back_after_prune_and_restart(bench: Bench) -> None:
    store = await bench.open()
    made = event("a", delivery(state=S.CANCELED, reason=Reason.BY_PERSON))
    await store.accept(admission(made))
    highest = made.deliveries[0].seq
    await prune(store, keys=LATER)
    assert await store.events(EventFilter(), None, 9) == []
    store = await bench.open()
    again = event("b")
    await store.accept(admission(again))
    assert again.seq > highest


async def test_a_failed_slice_is_tried_again(bench: Bench) -> None:
    store = await bench.open()
    await store.accept(admission(*(event(str(n), item=n) for n in range(5))))
    bench.breaker.point = "before_commit"
    with pytest.raises(StoreUnavailable, match="No space left"):
        await store.prune(LATER, LATER, 2)
    bench.breaker.point = ""
    await prune(store, keys=LATER, limit=2)
    assert await store.events(EventFilter(), None, 9) == []
