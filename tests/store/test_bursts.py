"""Bursts (`debounce`): the latest of those that still wait, and nothing waits for ever. Against every
store."""

import asyncio
import itertools
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.errors import StoreUnavailable
from gateway.model.records import Delivery, Keys, NewDelivery, Selection
from gateway.model.states import DeliveryState, Reason, Verb
from gateway.store.protocol import DeliveryFilter, EventFilter, Store
from tests.store.conftest import Bench, SqliteBench
from tests.store.make import NOW, admission, attempt, delivery, event, result

S = DeliveryState
WAIT, MOST = 20.0, 100.0
names = map("e{}".format, itertools.count())


def waiting(
    at: float = NOW, *, key: str = "main", state: S = S.PENDING, order: str | None = None
) -> NewDelivery:
    made = delivery(state=state, at=at + WAIT)
    made.keys = Keys(burst=key, burst_until=at + MOST, order=order)
    if state is S.HELD:
        made.reason = Reason.PAUSED
    return made


async def come(store: Store, made: NewDelivery, at: float = NOW) -> NewDelivery:
    await store.accept(admission(event(next(names), made), at=at))
    return made


async def look(store: Store, made: NewDelivery) -> Delivery:
    found = await store.delivery(made.id)
    assert found is not None
    return found[0]


async def test_the_latest_takes_the_place_of_the_one_that_waits(store: Store) -> None:
    first = await come(store, waiting())
    second = await come(store, waiting(NOW + 5), NOW + 5)
    before, after = await look(store, first), await look(store, second)
    assert (before.state, before.reason, second.id in before.detail) == (
        S.SUPERSEDED, Reason.DONE, True,
    )  # fmt: skip
    assert (after.state, after.next_at) == (S.PENDING, NOW + 25)
    assert second.keys is not None
    assert second.keys.took_over == (first.seq,)
    assert await store.lease([first.seq, second.seq]) == [second.seq]
    (waits,) = await store.backlog()
    assert waits.counts == {"leased": 1}


async def test_other_keys_routes_and_targets_are_other_bursts(store: Store) -> None:
    route, target = waiting(), waiting()
    route.route, target.target = "other", "chat"
    all_ = [await come(store, one) for one in (waiting(), waiting(key="dev"), route, target)]
    assert {(await look(store, one)).state for one in all_} == {S.PENDING}


async def test_of_one_commit_the_last_stays(store: Store) -> None:
    made = [waiting() for _ in range(4)]
    await store.accept(admission(*(event(next(names), one, item=n) for n, one in enumerate(made))))
    states = [(await look(store, one)).state for one in made]
    assert states == [S.SUPERSEDED] * 3 + [S.PENDING]
    (waits,) = await store.backlog()
    assert waits.counts == {"pending": 1}


async def test_fifty_at_once_leave_one(store: Store) -> None:
    made = [waiting() for _ in range(50)]
    await asyncio.gather(*(come(store, one) for one in made))
    found = await store.deliveries(DeliveryFilter(state=S.PENDING), None, 99)
    assert [one.seq for one, _ in found] == [max(one.seq for one in made)]
    assert len(await store.deliveries(DeliveryFilter(state=S.SUPERSEDED), None, 99)) == 49


async def test_no_stream_however_dense_puts_it_off_past_the_bound(store: Store) -> None:
    times = [NOW + n for n in range(0, 300, 10)]
    made = [await come(store, waiting(at), at) for at in times]
    rows = [await look(store, one) for one in made]
    stay = [(at - NOW, row.next_at - NOW) for at, row in zip(times, rows, strict=True)
            if row.state is S.PENDING]  # fmt: skip
    assert stay == [(90, 100), (190, 200), (290, 300)]


async def test_what_is_due_is_superseded_by_nothing(store: Store) -> None:
    first = await come(store, waiting())
    second = await come(store, waiting(NOW + 20), NOW + 20)
    assert (await look(store, first)).state is S.PENDING
    assert (await look(store, second)).state is S.PENDING


@pytest.mark.parametrize("state", [S.LEASED, S.DELIVERED, S.DEAD])
async def test_what_was_tried_is_superseded_by_nothing(store: Store, state: S) -> None:
    first = await come(store, waiting())
    await store.lease([first.seq])
    if state is not S.LEASED:
        reason = Reason.DONE if state is S.DELIVERED else Reason.STATUS
        await store.record([result(first.seq, state, reason, tried=attempt())])
    await come(store, waiting(NOW + 5), NOW + 5)
    assert (await look(store, first)).state is state


async def test_what_waits_for_its_retry_is_superseded_by_nothing(store: Store) -> None:
    first = await come(store, waiting())
    await store.lease([first.seq])
    again = replace(result(first.seq, S.PENDING, Reason.RETRY, tried=attempt()), next_at=NOW + 60)
    await store.record([again])
    second = await come(store, waiting(NOW + 30), NOW + 30)
    assert (await look(store, first)).state is S.PENDING
    assert (await look(store, second)).next_at == NOW + 30 + WAIT


async def test_a_person_who_does_not_want_to_wait_ends_the_burst(bench: Bench) -> None:
    store = await bench.open()
    first = await come(store, waiting())
    bench.clock.now = NOW + 1
    await store.move(Selection(ids=(first.id,)), Verb.RETRY, Reason.RETRY)
    second = await come(store, waiting(NOW + 2), NOW + 2)
    assert [(await look(store, one)).state for one in (first, second)] == [S.PENDING, S.PENDING]


async def test_a_pause_changes_nothing_of_what_is_delivered(store: Store) -> None:
    first = await come(store, waiting())
    await store.move(Selection(target="deployer"), Verb.HOLD, Reason.PAUSED)
    second = await come(store, waiting(NOW + 5, state=S.HELD), NOW + 5)
    assert [(await look(store, one)).state for one in (first, second)] == [S.SUPERSEDED, S.HELD]


async def test_a_pause_that_ends_within_the_burst_does_not_end_it(store: Store) -> None:
    first = await come(store, waiting())
    await store.move(Selection(target=first.target), Verb.HOLD, Reason.PAUSED, "")
    await store.move(Selection(target=first.target), Verb.RELEASE, Reason.NEW, "")
    last = await come(store, waiting(NOW + 5), NOW + 5)
    assert (await look(store, first)).state is S.SUPERSEDED
    assert (await look(store, last)).next_at == NOW + 5 + WAIT


async def test_a_burst_goes_on_over_a_restart(bench: Bench) -> None:
    store = await bench.open()
    first = await come(store, waiting())
    store = await bench.open()
    second = await come(store, waiting(NOW + 19), NOW + 19)
    rows = [await look(store, one) for one in (first, second)]
    assert [row.state for row in rows] == [S.SUPERSEDED, S.PENDING]
    assert rows[1].next_at == NOW + 39


async def test_a_commit_that_fails_supersedes_nothing(bench: Bench) -> None:
    store = await bench.open()
    first = await come(store, waiting())
    bench.breaker.point = "before_commit"
    with pytest.raises(StoreUnavailable):
        await come(store, waiting(NOW + 5), NOW + 5)
    bench.breaker.point = ""
    assert (await look(store, first)).state is S.PENDING


async def test_a_superseded_one_leaves_its_lane(store: Store) -> None:
    first = await come(store, waiting(order="k"))
    second = await come(store, waiting(NOW + 5, order="k"), NOW + 5)
    third = delivery(state=S.LEASED)
    third.keys = Keys(order="k")
    await come(store, third, NOW + 6)
    rows = [await look(store, one) for one in (first, second, third)]
    assert [(row.state, row.behind) for row in rows] == [
        (S.SUPERSEDED, False), (S.PENDING, False), (S.PENDING, True),
    ]  # fmt: skip


async def test_an_event_whose_deliveries_are_superseded_is_over(store: Store) -> None:
    await come(store, waiting())
    await come(store, waiting(NOW + 5), NOW + 5)
    newest, oldest = await store.events(EventFilter(), None, 9)
    assert (newest.state, oldest.state) == ("pending", "canceled")
    assert oldest.deliveries == {"superseded": 1}
    while await store.prune(NOW + 4, NOW - 1, 100):
        pass
    assert len(await store.events(EventFilter(), None, 9)) == 1


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.floats(0, 40), st.sampled_from("ab")), min_size=1, max_size=25))
def test_each_burst_leaves_its_last_and_none_lasts_longer_than_the_bound(
    tmp_path_factory: pytest.TempPathFactory, comes: list[tuple[float, str]]
) -> None:
    async def main() -> None:
        bench = SqliteBench(tmp_path_factory.mktemp("burst"))
        store = await bench.open()
        now = NOW
        made: list[tuple[float, str, NewDelivery]] = []
        for step, key in comes:
            now += step
            made.append((now, key, await come(store, waiting(now, key=key), now)))
        for key in "ab":
            mine = [(at, await look(store, one)) for at, k, one in made if k == key]
            expected: list[tuple[float, float]] = []
            """(when the last of a burst came, when it is due)"""
            began = due = float("-inf")
            for at, _ in mine:
                if at < due:
                    due = min(max(due, at + WAIT), began + MOST)
                    expected[-1] = (at, due)
                else:
                    began, due = at, at + WAIT
                    expected.append((at, due))
            kept = [(at, row.next_at) for at, row in mine if row.state is S.PENDING]
            assert kept == expected
        await bench.close()

    asyncio.run(main())
