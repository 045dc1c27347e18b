"""Acceptance: durable, once, all or nothing. Against every store."""

import asyncio
import dataclasses
from dataclasses import replace

import pytest

from gateway.errors import StoreUnavailable
from gateway.model.records import Committed
from gateway.model.states import DeliveryState, Reason
from gateway.store.protocol import DeliveryFilter, EventFilter, Store
from tests.store.conftest import Bench
from tests.store.make import HEADERS, NOW, admission, delivery, event, result

EVERYTHING = EventFilter()


async def test_fifty_identical_admissions_at_once_are_one_event_with_one_id(store: Store) -> None:
    for number in range(40):
        answers = await asyncio.gather(
            *(store.accept(admission(event(f"key {number}", delivery()))) for _ in range(50))
        )
        assert len({answer[0].id for answer in answers}) == 1
        assert sum(not answer[0].duplicate for answer in answers) == 1
        (kept,) = await store.events(EventFilter(text=f"key {number}"), None, 10)
        assert kept.event.id == answers[0][0].id
        assert kept.event.duplicates == 49
        assert kept.deliveries == {"pending": 1}


async def test_the_same_object_handed_in_twice_at_once_is_one_event(store: Store) -> None:
    same = admission(event("a"))
    first, second = await asyncio.gather(store.accept(same), store.accept(same))
    assert (first[0].duplicate, second[0].duplicate) == (False, True)
    assert first[0].id == second[0].id


async def test_a_failing_commit_gives_nobody_success_and_leaves_nothing(bench: Bench) -> None:
    for point in ("before_begin", "before_commit"):
        store = await bench.open()
        heard: list[Committed] = []
        store.listen(heard.append)
        bench.breaker.point = point
        answers = await asyncio.gather(
            *(store.accept(admission(event("a", delivery()))) for _ in range(20)),
            store.put("k", b"v"),
            return_exceptions=True,
        )
        assert all(isinstance(answer, StoreUnavailable) for answer in answers)
        assert await store.events(EVERYTHING, None, 10) == []
        assert await store.get("k") is None
        assert heard == []
        assert not (await store.health()).writable
        bench.breaker.point = ""
        (answer,) = await store.accept(admission(event(f"after {point}")))
        assert not answer.duplicate
        assert (await store.health()).writable
        assert [e.event.dedup_key for e in await store.events(EVERYTHING, None, 10)][:1] == [
            f"after {point}"
        ]
        await store.prune(NOW + 1, NOW + 1, 100)


async def test_an_admission_that_failed_is_new_at_the_next_try(bench: Bench) -> None:
    store = await bench.open()
    again = admission(event("a", delivery()))
    bench.breaker.point = "before_commit"
    with pytest.raises(StoreUnavailable):
        await store.accept(again)
    bench.breaker.point = ""
    (answer,) = await store.accept(again)
    assert not answer.duplicate
    assert (await store.accept(admission(event("a"))))[0].id == answer.id


async def test_a_restart_does_not_forget_a_key(bench: Bench) -> None:
    (first,) = await (await bench.open()).accept(admission(event("a")))
    store = await bench.open()
    answers = await asyncio.gather(*(store.accept(admission(event("a"))) for _ in range(3)))
    assert [(a[0].duplicate, a[0].id) for a in answers] == [(True, first.id)] * 3


async def test_bytes_and_headers_come_back_exactly_whatever_pack_they_are_in(store: Store) -> None:
    bodies = [b"", b"\x00\xff" * 10, b"x" * (256 * 1024), bytes(range(256)) * 5000, b"{}"]
    events = [event(f"key {number}") for number in range(len(bodies))]
    await asyncio.gather(
        *(store.accept(admission(e, body=b)) for e, b in zip(events, bodies, strict=True))
    )
    for number, body in enumerate(bodies):
        (found,) = await store.events(EventFilter(text=f"key {number}"), None, 1)
        receipt = await store.receipt(found.event.receipt)
        assert receipt is not None
        assert receipt.body == body
        assert receipt.headers == HEADERS
        assert found.event.size == len(body)


async def test_a_batch_is_one_receipt_and_its_doubled_item_a_duplicate(store: Store) -> None:
    items = [event(key, item=item) for item, key in enumerate(["a", "b", "a", "c"])]
    answers = await store.accept(admission(*items))
    assert [a.duplicate for a in answers] == [False, False, True, False]
    assert answers[2].id == answers[0].id
    found = await store.events(EVERYTHING, None, 10)
    assert [e.event.item for e in found] == [3, 1, 0]
    assert len({e.event.receipt for e in found}) == 1
    again = await store.accept(admission(event("b"), event("d", item=1)))
    assert [a.duplicate for a in again] == [True, False]


async def test_what_a_sender_writes_cannot_break_the_commit_of_others(store: Store) -> None:
    odd = event("k\ud800\x00", subject="\udcff", provider_id="\ud800")
    odd = dataclasses.replace(odd, fields=b'{"a":"\xed\xa0\x80"}', provider_type="\x00")
    answers = await asyncio.gather(
        store.accept(admission(odd)), store.accept(admission(event("a")))
    )
    assert [a[0].duplicate for a in answers] == [False, False]
    assert len(await store.events(EVERYTHING, None, 10)) == 2


async def test_verified_and_unverified_events_of_one_key_are_two(store: Store) -> None:
    await store.accept(admission(event("a", verified=False)))
    (answer,) = await store.accept(admission(event("a")))
    assert not answer.duplicate
    assert [e.event.verified for e in await store.events(EVERYTHING, None, 9)] == [True, False]


async def test_a_body_seen_under_another_unsigned_id_within_a_day_is_flagged(store: Store) -> None:
    async def flags(key: str, at: float, *, id_signed: bool = False) -> tuple[str, ...]:
        await store.accept(admission(event(key, id_signed=id_signed), at=at))
        (found,) = await store.events(EventFilter(text=key), None, 1)
        return found.event.flags

    day = 24 * 3600.0
    assert await flags("a", NOW) == ()
    assert await flags("a", NOW + 1) == ()
    assert await flags("b", NOW + day) == ("same_body",)
    assert await flags("c", NOW + 2 * day + 1) == ()
    assert await flags("d", NOW + 2 * day + 2) == ("same_body",)
    assert await flags("e", NOW + 2 * day + 2, id_signed=True) == ()


async def test_a_body_of_before_a_restart_is_known_after_it(bench: Bench) -> None:
    async def flagged(store: Store, key: str, at: float, body: bytes) -> bool:
        await store.accept(admission(event(key, id_signed=False), at=at, body=body))
        (found,) = await store.events(EventFilter(text=key), None, 1)
        return "same_body" in found.event.flags

    day = 24 * 3600.0
    bench.clock.now = NOW + day + 10
    store = await bench.open()
    assert not await flagged(store, "a", NOW, b"old")
    assert not await flagged(store, "b", NOW + 20, b"new")
    assert await flagged(store, "c", NOW + 30, b"new")
    store = await bench.open()
    assert not await flagged(store, "d", NOW + day + 10, b"old")
    assert await flagged(store, "e", NOW + day + 25, b"new")


async def test_a_body_of_a_commit_that_failed_is_no_repetition(bench: Bench) -> None:
    store = await bench.open()
    bench.breaker.point = "before_commit"
    with pytest.raises(StoreUnavailable):
        await store.accept(admission(event("a", id_signed=False)))
    bench.breaker.point = ""
    await store.accept(admission(event("a", id_signed=False)))
    (found,) = await store.events(EventFilter(text="a"), None, 1)
    assert found.event.flags == ()


async def test_what_proved_a_body_stands_for_it_within_its_source(store: Store) -> None:
    async def flags(key: str, mac: bytes, source: str = "github") -> tuple[str, ...]:
        made = event(key, id_signed=False)
        await store.accept(replace(admission(made, source=source), body_mac=mac))
        (found,) = await store.events(EventFilter(text=key), None, 1)
        return found.event.flags

    assert await flags("a", b"one" * 10) == ()
    assert await flags("b", b"two" * 10) == ()
    assert await flags("c", b"one" * 10, "other") == ()
    assert await flags("d", b"one" * 10) == ("same_body",)


async def test_one_body_under_many_ids_in_one_commit_is_flagged_but_not_in_one_receipt(
    store: Store,
) -> None:
    await asyncio.gather(*(store.accept(admission(event(k, id_signed=False))) for k in "abc"))
    two = event("d", id_signed=False), event("e", item=1, id_signed=False)
    await store.accept(admission(*two, body=b"another"))
    found = await store.events(EVERYTHING, None, 10)
    flags = {e.event.dedup_key: e.event.flags for e in found}
    assert sum(flags[key] == ("same_body",) for key in "abc") == 2
    assert flags["d"] == flags["e"] == ()


async def test_listeners_hear_of_each_commit_before_its_callers(store: Store) -> None:
    heard: list[Committed] = []
    store.listen(heard.append)
    leased = delivery(state=DeliveryState.LEASED)
    mine = admission(event("a", leased, delivery("chat")))
    await store.accept(mine)
    assert [admissions[0][0] for c in heard if (admissions := c.admissions)] == [mine]
    assert heard[0].counts == {("deployer", "leased"): 1, ("chat", "pending"): 1}
    assert leased.seq > mine.events[0].seq > 0
    await store.record([result(leased.seq)])
    assert heard[-1].counts == {("deployer", "leased"): -1, ("deployer", "delivered"): 1}
    assert list(heard[-1].changed) == [mine.events[0].seq]


async def test_a_cancelled_caller_does_not_undo_the_commit(store: Store) -> None:
    task = asyncio.ensure_future(store.accept(admission(event("a"))))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (await store.accept(admission(event("a"))))[0].duplicate


async def test_after_close_nothing_is_taken(store: Store) -> None:
    waiting = [asyncio.ensure_future(store.accept(admission(event(str(n))))) for n in range(5)]
    await asyncio.sleep(0)
    await store.close()
    assert [(await task)[0].duplicate for task in waiting] == [False] * 5
    with pytest.raises(StoreUnavailable):
        await store.accept(admission(event("late")))


async def revivable(store: Store, key: str, *states: tuple[DeliveryState, Reason]) -> None:
    made = [delivery(f"t{n}", state=DeliveryState.LEASED) for n in range(len(states))]
    await store.accept(admission(event(key, *made)))
    await store.record(
        [result(d.seq, state, reason) for d, (state, reason) in zip(made, states, strict=True)]
    )


DEAD = (DeliveryState.DEAD, Reason.STATUS)
DONE = (DeliveryState.DELIVERED, Reason.DONE)


async def test_a_redelivery_revives_dead_deliveries_only_once_a_minute(store: Store) -> None:
    await revivable(store, "a", DEAD, DONE)
    heard: list[Committed] = []
    store.listen(heard.append)
    twice = await asyncio.gather(
        *(store.accept(admission(event("a"), at=NOW + 5)) for _ in range(2))
    )
    assert sorted(a[0].revived for a in twice) == [0, 1]
    ((revived, _),) = await store.deliveries(DeliveryFilter(state=DeliveryState.PENDING), None, 9)
    assert (revived.target, revived.reason, revived.trigger) == ("t0", Reason.REVIVED, "revive")
    assert (revived.window_attempts, revived.window_started_at) == (0, NOW)
    assert [d.seq for c in heard for d in c.due] == [revived.seq]
    for at, expected in ((NOW + 64.9, 0), (NOW + 65, 1)):
        await store.lease([revived.seq])
        await store.record([result(revived.seq, *DEAD)])
        (answer,) = await store.accept(admission(event("a"), at=at))
        assert answer.revived == expected


async def test_a_source_that_ignores_redeliveries_revives_nothing(store: Store) -> None:
    await revivable(store, "a", DEAD)
    (answer,) = await store.accept(admission(event("a"), at=NOW + 5, revive=False))
    assert (answer.duplicate, answer.revived) == (True, 0)
    assert len(await store.deliveries(DeliveryFilter(state=DeliveryState.DEAD), None, 9)) == 1
