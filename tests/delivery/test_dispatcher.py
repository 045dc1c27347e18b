"""The dispatcher on a virtual clock: nobody waits for another, nothing is lost, nothing doubled."""

import asyncio
import random
from itertools import pairwise

import pytest

from gateway.delivery.dispatcher import Dispatcher
from gateway.delivery.slots import LEASE
from gateway.errors import StoreUnavailable
from gateway.model.records import Due, Moved
from gateway.net.egress import Call
from gateway.net.sending import Answer
from tests.delivery.setting import FAILED, OK, MemoryDeliveries, dispatching, plan, target
from tests.delivery.virtual import clock, run


def fill(number: int, to: str = "one", **more: object):
    def before(store: MemoryDeliveries) -> None:
        for _ in range(number):
            store.new(to, **more)

    return before


async def slowly(_: Call) -> Answer:
    await asyncio.sleep(1)
    return OK


def test_the_concurrency_of_a_target_is_reached_and_never_exceeded() -> None:
    async def main() -> None:
        both = plan(target("one", concurrency=3), target("two", concurrency=1))

        def before(store: MemoryDeliveries) -> None:
            fill(40)(store)
            fill(10, "two")(store)

        async with dispatching(both, slowly, before=before) as one:
            await one.until(lambda: set(one.store.states()) == {"delivered"})
            assert one.outside.most == {"http://one.test/hooks": 3, "http://two.test/hooks": 1}

    run(main())


def test_a_target_that_hangs_slows_no_other() -> None:
    async def main() -> None:
        async def answer(call: Call) -> Answer:
            if "hangs" in call.url:
                await asyncio.sleep(3600)
            return OK

        def before(store: MemoryDeliveries) -> None:
            fill(100, "hangs")(store)
            fill(1000, "well")(store)

        both = plan(target("hangs"), target("well"))
        async with dispatching(both, answer, before=before) as one:
            began = clock()
            await one.until(lambda: set(one.store.states("well")) == {"delivered"})
            assert clock() - began < 10
            assert set(one.store.states("hangs")) == {"leased", "pending"}

    run(main())


def test_ten_thousand_deliveries_each_arrive_once() -> None:
    async def main() -> None:
        whole = plan(*(target(f"t{n}") for n in range(4)))

        def before(store: MemoryDeliveries) -> None:
            for n in range(10_000):
                store.new(f"t{n % 4}")

        async with dispatching(whole, before=before) as one:
            await one.until(lambda: set(one.store.states()) == {"delivered"})
            assert len(one.outside.order) == len(set(one.outside.order)) == 10_000

    run(main())


def test_without_a_way_to_record_no_new_attempt_is_made_and_none_is_lost() -> None:
    async def main() -> None:
        async with dispatching(plan(target(concurrency=2)), slowly, before=fill(20)) as one:
            await one.until(lambda: len(one.outside.order) == 2)
            one.store.broken = True
            await asyncio.sleep(60)
            made = len(one.outside.order)
            assert made <= 4, "what was under way ends, nothing more begins"
            await asyncio.sleep(3600)
            assert len(one.outside.order) == made
            one.store.broken = False
            await one.until(lambda: set(one.store.states()) == {"delivered"})
            assert len(one.outside.order) == 20, "what was attempted is not attempted again"

    run(main())


def test_while_the_store_is_known_to_take_nothing_no_attempt_is_made() -> None:
    async def main() -> None:
        async with dispatching(plan(target(concurrency=2)), slowly, before=fill(20)) as one:
            await one.until(lambda: len(one.outside.order) == 2)
            one.store.writable = False
            await asyncio.sleep(3600)
            assert len(one.outside.order) == 2
            one.dispatcher.committed()  # somebody else's commit that was under way
            await asyncio.sleep(3600)
            assert len(one.outside.order) == 2
            one.store.writable = True
            one.dispatcher.committed()
            await one.until(lambda: set(one.store.states()) == {"delivered"})
            assert len(one.outside.order) == 20

    run(main())


def test_a_start_that_the_store_failed_is_made_again() -> None:
    async def main() -> None:
        async with dispatching(plan(target()), before=fill(1)) as other:
            store = MemoryDeliveries()
            fill(3)(store)
            store.broken = True
            one = Dispatcher(store, other.attempts, lambda: other.plan, clock, other.reports.append)
            for _ in range(2):
                with pytest.raises(StoreUnavailable):
                    await one.start()
                assert not one.reserve("one")
            await one.drain(1.0)  # an end before the beginning
            store.broken = False
            await one.start()
            await other.until(lambda: store.states() == ["delivered"] * 3)
            await one.drain(1.0)

    run(main())


def test_what_becomes_due_while_the_queue_is_looked_at_is_not_forgotten() -> None:
    async def main() -> None:
        async with dispatching(plan(target()), before=fill(1)) as other:
            store = MemoryDeliveries()
            for seconds in range(50):
                store.new(next_at=clock() + 10 * seconds)
            chance = random.Random(4)

            def unsteady() -> float:
                """Timers fire a moment too early, and time goes on between two looks at it."""
                return clock() + chance.uniform(-1e-3, 1e-3)

            one = Dispatcher(
                store, other.attempts, lambda: other.plan, unsteady,
                other.reports.append,
            )  # fmt: skip
            await one.start()
            async with asyncio.timeout(1000):
                await other.until(lambda: store.states() == ["delivered"] * 50)
            await one.drain(1.0)

    run(main())


def test_what_frees_a_held_one_is_not_forgotten_because_the_store_fails_at_that_moment() -> None:
    async def main() -> None:
        async with dispatching(plan(target()), slowly) as one:
            one.pauses.set("target", "one", paused=True)
            one.store.paused = True
            release = one.store.release_paused

            async def broken() -> Moved:
                one.store.release_paused = release
                raise StoreUnavailable("the disk is full")

            one.store.release_paused = broken
            held = one.store.new()
            one.dispatcher.due([Due(held.delivery.seq, "one", clock())])
            await one.until(lambda: one.store.states() == ["held"])
            # The pause had gone while the hold was recorded.
            one.pauses.set("target", "one", paused=False)
            one.store.paused = False
            async with asyncio.timeout(60):
                await one.until(lambda: one.store.states() == ["delivered"])
            assert one.reports == []

    run(main())


def test_a_retry_waits_its_time_and_counts_its_attempts() -> None:
    async def main() -> None:
        times: list[float] = []

        async def answer(_: Call) -> Answer:
            times.append(clock())
            return FAILED if len(times) < 4 else OK

        async with dispatching(plan(target()), answer, before=fill(1)) as one:
            await one.until(lambda: one.store.states() == ["delivered"])
            waits = [round(b - a) for a, b in pairwise(times)]
            assert waits == [5, 10, 20]  # random is 1: the top of each jitter
            numbers = [result.attempt.number for result in one.store.recorded if result.attempt]
            assert numbers == [1, 2, 3, 4]

    run(main())


def test_the_window_ends_after_72_hours() -> None:
    async def main() -> None:
        async def never(_: Call) -> Answer:
            return FAILED

        async with dispatching(plan(target()), never, before=fill(1)) as one:
            began = clock()
            await one.until(lambda: one.store.states() == ["dead"], every=60.0)
            (row,) = one.store.rows.values()
            assert row.delivery.reason == "window"
            assert 71 * 3600 < clock() - began <= 72 * 3600 + 60

    run(main())


def test_a_suspect_is_marked_before_it_is_tried() -> None:
    async def main() -> None:
        def before(store: MemoryDeliveries) -> None:
            store.new(deaths=1)
            store.new()

        async with dispatching(plan(target()), before=before) as one:
            await one.until(lambda: set(one.store.states()) == {"delivered"})
            assert one.store.begun == [1]

    run(main())


def test_a_mistake_of_ours_strands_nothing() -> None:
    async def main() -> None:
        calls: list[Call] = []

        async def answer(call: Call) -> Answer:
            calls.append(call)
            if len(calls) == 1:
                raise RuntimeError("a mistake")
            return OK

        async with dispatching(plan(target()), answer, before=fill(1)) as one:
            await one.until(lambda: one.store.states() == ["delivered"])
            assert [str(error) for error in one.reports] == ["a mistake"]

    run(main())


def test_one_lost_pack_holds_up_nobody_else() -> None:
    async def main() -> None:
        def before(store: MemoryDeliveries) -> None:
            fill(10)(store)
            store.unreadable = {store.new().delivery.seq}

        async with dispatching(plan(target(concurrency=20)), before=before) as one:
            await one.until(lambda: one.store.states().count("delivered") == 10)
            await one.until(lambda: "leased" not in one.store.states())
            assert one.store.states().count("pending") == 1
            one.store.unreadable = set()
            await one.until(lambda: one.store.states().count("delivered") == 11)

    run(main())


def test_a_store_that_fails_between_lease_and_read_strands_nothing() -> None:
    async def main() -> None:
        def before(store: MemoryDeliveries) -> None:
            fill(50)(store)
            lease = store.lease

            async def breaks(seqs):
                taken = await lease(seqs)
                store.broken = True
                store.lease = lease
                return taken

            store.lease = breaks

        async with dispatching(plan(target()), before=before) as one:
            await one.until(lambda: one.store.broken)
            await asyncio.sleep(10)
            one.store.broken = False
            await one.until(lambda: set(one.store.states()) == {"delivered"})

    run(main())


def test_slots_that_become_free_while_a_lease_runs_share_the_next_one() -> None:
    """Leased one by one, a backlog would cost a commit and a read for each delivery."""

    async def main() -> None:
        leases: list[int] = []

        def before(store: MemoryDeliveries) -> None:
            fill(400)(store)
            lease = store.lease

            async def takes_a_commit(seqs):
                leases.append(len(seqs))
                await asyncio.sleep(0.01)
                return await lease(seqs)

            store.lease = takes_a_commit

        async def scattered(_: Call) -> Answer:
            await asyncio.sleep(random.random() / 100)
            return OK

        async with dispatching(plan(target(concurrency=40)), scattered, before=before) as one:
            await one.until(lambda: set(one.store.states()) == {"delivered"})
            assert one.outside.most == {"http://one.test/hooks": 40}
        assert sum(leases) == 400
        assert len(leases) < 60

    run(main())


def test_a_mistake_in_one_lease_holds_up_none_of_those_that_wait_for_the_next() -> None:
    async def main() -> None:
        def before(store: MemoryDeliveries) -> None:
            fill(300)(store)
            lease, calls = store.lease, iter(range(1000))

            async def mistaken(seqs):
                if next(calls) == 0:
                    raise RuntimeError("a mistake of ours")
                return await lease(seqs)

            store.lease = mistaken

        async with dispatching(plan(target(concurrency=250)), before=before) as one:
            await one.until(lambda: one.store.states().count("delivered") >= 300 - LEASE)

    run(main())


@pytest.mark.parametrize("kept", [True, False])
def test_a_lease_of_which_nobody_knows_whether_it_was_kept_strands_nothing(kept: bool) -> None:
    async def main() -> None:
        def before(store: MemoryDeliveries) -> None:
            fill(50)(store)
            lease = store.lease

            async def breaks(seqs):
                store.lease = lease
                if kept:
                    await lease(seqs)
                raise StoreUnavailable("the process that writes to it is gone")

            store.lease = breaks

        async with dispatching(plan(target()), before=before) as one:
            await one.until(lambda: set(one.store.states()) == {"delivered"})

    run(main())


def test_what_the_store_did_not_live_to_tell_of_is_found_when_it_is_looked_for() -> None:
    async def main() -> None:
        async with dispatching(plan(target())) as one:
            one.store.new()
            await one.until(lambda: set(one.store.states()) == {"delivered"})
            one.store.heard = lambda _: None
            one.store.new()
            one.store.new(fair_key="nobody knows it")
            await asyncio.sleep(100)
            assert one.store.states().count("pending") == 2
            one.dispatcher.look_again()
            await one.until(lambda: set(one.store.states()) == {"delivered"})

    run(main())
