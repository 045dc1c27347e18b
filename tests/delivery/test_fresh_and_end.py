"""Fresh deliveries from memory, backlogs beyond it, pauses, reloads and the end of the process."""

import asyncio
from dataclasses import replace
from itertools import count

import pytest

from gateway.delivery import intake as intake_module
from gateway.delivery import loading as loading_module
from gateway.delivery import queue as queue_module
from gateway.errors import StoreUnavailable
from gateway.model.ids import EventId
from gateway.model.records import Admission, Admitted, Due, NewDelivery, NewEvent
from gateway.model.states import DeliveryState, Reason
from gateway.net.egress import Call
from gateway.net.sending import Answer
from tests.delivery.setting import FAILED, OK, MemoryDeliveries, Setting, dispatching, plan, target
from tests.delivery.virtual import clock, run


async def slowly(_: Call) -> Answer:
    await asyncio.sleep(1)
    return OK


async def fails(_: Call) -> Answer:
    return FAILED


def admission(one: Setting, to: str = "one") -> tuple[Admission, list[Admitted]]:
    """What ingest commits for one request: leased where the dispatcher had room."""
    state = DeliveryState.LEASED if one.dispatcher.reserve(to) else DeliveryState.PENDING
    row = one.store.new(to, str(state)).delivery
    new = NewDelivery(row.id, "all", to, state, Reason.NEW, clock(), seq=row.seq)
    event = NewEvent(
        EventId(f"evt_{row.seq}"), 0, "k", "other", "x", None, None, 1.0, b"{}", (), True,
        deliveries=[new], seq=row.seq,
    )  # fmt: skip
    whole = Admission("orders", "custom", clock(), "", "hmac", "#1", "", (), b"{}", [event])
    return whole, [Admitted(duplicate=False, id=event.id)]


def accept(one: Setting, to: str = "one") -> str:
    whole, admitted = admission(one, to)
    one.dispatcher.accepted(whole, admitted)
    return whole.events[0].deliveries[0].id


def test_a_fresh_one_overtakes_old_retries_and_the_old_still_come() -> None:
    async def main() -> None:
        def before(store: MemoryDeliveries) -> None:
            for _ in range(1000):
                store.new(attempts=3, window_attempts=3)

        async with dispatching(plan(target(concurrency=1)), slowly, before=before) as one:
            await one.until(lambda: len(one.outside.order) == 10)
            fresh = [accept(one) for _ in range(40)]
            await one.until(lambda: len(one.outside.order) == 65)
            since = one.outside.order[10:65]
            assert set(fresh) <= set(since)
            assert 10 <= len(set(since) - set(fresh)) <= 15

    run(main())


def test_what_was_reserved_and_not_stored_is_room_again() -> None:
    async def main() -> None:
        async with dispatching(plan(target(concurrency=1)), slowly) as one:
            for _ in range(3 * intake_module.FRESH_MOST):
                whole, admitted = admission(one)
                assert whole.events[0].deliveries[0].state is DeliveryState.LEASED
                one.dispatcher.failed(whole)
                one.store.rows.clear()
            for _ in range(3 * intake_module.FRESH_MOST):
                whole, admitted = admission(one)
                assert whole.events[0].deliveries[0].state is DeliveryState.LEASED
                one.dispatcher.accepted(whole, [replace(admitted[0], duplicate=True)])
                one.store.rows.clear()

    run(main())


def test_past_its_room_in_memory_everything_still_arrives() -> None:
    async def main() -> None:
        async with dispatching(plan(target())) as one:
            number = 3 * intake_module.FRESH_MOST
            for _ in range(number):
                accept(one)
            assert "pending" in one.store.states()
            await one.until(lambda: set(one.store.states()) == {"delivered"}, every=1.0)
            assert len(one.outside.order) == number

    run(main())


def test_bodies_in_memory_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "FRESH_BYTES", 20)

    async def main() -> None:
        async with dispatching(plan(target(concurrency=1)), slowly) as one:
            for _ in range(50):
                accept(one)
            assert one.store.states().count("leased") <= 11
            await one.until(lambda: set(one.store.states()) == {"delivered"})
            assert one.dispatcher.reserve("one"), "and the room is given back"

    run(main())


def test_no_room_is_promised_for_a_target_that_is_not_there_or_while_nothing_is_recorded() -> None:
    async def main() -> None:
        async with dispatching(plan(target())) as one:
            assert not one.dispatcher.reserve("nobody")
            one.store.broken = True
            accept(one)
            await asyncio.sleep(1.5)
            assert not one.dispatcher.reserve("one")
            one.store.broken = False
            await one.until(lambda: one.store.states() == ["delivered"])
            assert one.dispatcher.reserve("one")

    run(main())


def test_a_backlog_larger_than_memory_is_drained_in_its_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queue_module, "BACKLOG", 200)
    monkeypatch.setattr(loading_module, "PAGE", 50)

    async def main() -> None:
        def before(store: MemoryDeliveries) -> None:
            for n in range(3000):
                store.new(next_at=clock() - 10_000 + (n * 7919) % 3000)

        async with dispatching(plan(target(concurrency=1)), before=before) as one:
            rows = sorted(one.store.rows.values(), key=lambda row: row.delivery.next_at)
            due = [row.delivery.id for row in rows]
            await one.until(lambda: len(one.outside.order) == 3000, every=1.0)
            assert one.outside.order == due
            assert one.store.claims < 150
        assert set(one.store.states()) == {"delivered"}

    run(main())


def test_a_lease_that_fails_in_a_backlog_beyond_memory_loses_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queue_module, "BACKLOG", 20)
    monkeypatch.setattr(loading_module, "PAGE", 5)

    async def main() -> None:
        def before(store: MemoryDeliveries) -> None:
            for n in range(300):
                store.new(next_at=clock() - 1000 + n)
            lease, calls = store.lease, count()

            async def fails_often(seqs):
                if next(calls) % 3:
                    raise StoreUnavailable("the disk is full")
                return await lease(seqs)

            store.lease = fails_often

        async with dispatching(plan(target()), before=before) as one:
            await one.until(lambda: set(one.store.states()) == {"delivered"}, every=1.0)
            assert len(one.outside.order) == 300

    run(main())


def test_what_is_due_is_not_shut_out_of_memory_by_a_dead_targets_retries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queue_module, "BACKLOG", 50)

    async def main() -> None:
        def before(store: MemoryDeliveries) -> None:
            for _ in range(500):
                store.new(next_at=clock() + 1800)

        async with dispatching(plan(target()), before=before) as one:
            began = clock()
            replayed = one.store.new()
            one.dispatcher.due([Due(replayed.delivery.seq, "one", clock())])
            await one.until(lambda: "delivered" in one.store.states())
            assert clock() - began < 5

    run(main())


def test_a_pause_holds_what_was_on_its_way_and_its_end_frees_it() -> None:
    async def main() -> None:
        def before(store: MemoryDeliveries) -> None:
            for _ in range(30):
                store.new()

        async with dispatching(plan(target(concurrency=2)), slowly, before=before) as one:
            await one.until(lambda: len(one.outside.order) == 4)
            one.store.paused = True
            one.pauses.set("target", "one", paused=True)
            await one.until(lambda: len(one.dispatcher._queue("one")) == 0)
            made = len(one.outside.order)
            assert one.store.states().count("held") == 30 - made
            held = next(r for r in one.store.recorded if r.state is DeliveryState.HELD)
            assert (held.reason, held.detail) == (Reason.PAUSED, "target one is paused")
            await asyncio.sleep(3600)
            assert len(one.outside.order) == made
            one.pauses.set("target", "one", paused=False)
            one.store.paused = False
            await one.store.release_paused()
            await one.until(lambda: set(one.store.states()) == {"delivered"})
            assert len(one.outside.order) == 30

    run(main())


def test_a_pause_that_ends_before_its_hold_is_recorded_holds_nothing() -> None:
    async def main() -> None:
        async with dispatching(plan(target())) as one:
            row = one.store.new()
            one.pauses.set("target", "one", paused=True)
            record = one.store.record

            async def late(results):
                one.pauses.set("target", "one", paused=False)
                await one.store.release_paused()
                await record(results)

            one.store.record = late
            one.dispatcher.due([Due(row.delivery.seq, "one", clock())])
            await one.until(lambda: one.store.states() == ["delivered"])

    run(main())


@pytest.mark.parametrize(
    ("gone", "reason"),
    [
        (plan(routes=["all"]), Reason.TARGET_GONE),
        (plan(target(), routes=[]), Reason.ROUTE_GONE),
    ],
)
def test_what_is_gone_holds_its_deliveries_until_it_is_back(gone, reason: Reason) -> None:
    async def main() -> None:
        def before(store: MemoryDeliveries) -> None:
            for _ in range(20):
                store.new(attempts=2, window_attempts=2)

        whole = plan(target(concurrency=1))
        async with dispatching(whole, fails, before=before) as one:
            await one.until(lambda: len(one.outside.order) == 20)
            one.plan = gone
            await one.dispatcher.apply(whole)
            await one.until(lambda: set(one.store.states()) == {"held"}, every=10.0)
            assert {r.delivery.reason for r in one.store.rows.values()} == {reason}
            assert len(one.outside.order) <= 21
            one.plan, one.outside.answer = whole, slowly
            await one.dispatcher.apply(gone)
            await one.until(lambda: set(one.store.states()) == {"delivered"}, every=10.0)

    run(main())


@pytest.mark.parametrize("reason", [Reason.TARGET_GONE, Reason.ROUTE_GONE])
def test_what_came_back_while_nobody_ran_is_freed_at_the_start(reason: Reason) -> None:
    async def main() -> None:
        def before(store: MemoryDeliveries) -> None:
            store.new(state="held", reason=reason)
            store.new(state="held", reason=Reason.EXPRESSION)

        async with dispatching(plan(target()), before=before) as one:
            await one.until(lambda: "delivered" in one.store.states())
            await asyncio.sleep(3600)
            assert one.store.states() == ["delivered", "held"]

    run(main())


def test_the_end_waits_for_what_runs_and_puts_back_what_was_not_begun() -> None:
    async def main() -> None:
        async with dispatching(plan(target(concurrency=3)), slowly) as one:
            for _ in range(100):
                accept(one)
            await asyncio.sleep(1.5)
            began = clock()
        assert clock() - began <= 1.0
        assert one.store.states().count("delivered") == 6
        assert one.store.states().count("pending") == 94
        assert len(one.outside.order) == 6

    run(main())


def test_the_end_comes_at_its_deadline_whatever_hangs() -> None:
    async def main() -> None:
        async def hangs(_: Call) -> Answer:
            await asyncio.sleep(10_000)
            return OK

        async with dispatching(plan(target()), hangs) as one:
            for _ in range(5):
                accept(one)
            await asyncio.sleep(1)
            began = clock()
        assert clock() - began == pytest.approx(25.0)
        assert one.store.states() == ["pending"] * 5

    run(main())


def test_an_end_that_falls_between_lease_and_attempt_leaves_nothing_leased() -> None:
    async def main() -> None:
        def before(store: MemoryDeliveries) -> None:
            for _ in range(50):
                store.new()
            read = store.work

            async def late(seqs, most):
                await asyncio.sleep(2)
                return await read(seqs, most)

            store.work = late

        async with dispatching(plan(target(concurrency=5)), slowly, before=before) as one:
            await one.until(lambda: "leased" in one.store.states())
        assert set(one.store.states()) == {"pending"}
        assert one.outside.order == []

    run(main())
