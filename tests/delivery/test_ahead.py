"""Deliveries that are leased before there is a slot for them: no slot waits for a commit, and none of
them stays leased for long."""

import asyncio

import pytest

from gateway.delivery.pump import LATE
from gateway.delivery.slots import LEASE, SOON
from gateway.model.states import Reason
from gateway.net.egress import Call
from gateway.net.sending import Answer
from tests.delivery.setting import OK, MemoryDeliveries, Setting, dispatching, plan, target
from tests.delivery.virtual import clock, run

COMMIT = 0.01


def waiting(number: int, commit: float = COMMIT):
    """So many deliveries in a store whose leases take a while."""

    def before(store: MemoryDeliveries) -> None:
        for _ in range(number):
            store.new()
        lease = store.lease

        async def takes_a_commit(seqs):
            await asyncio.sleep(commit)
            return await lease(seqs)

        store.lease = takes_a_commit

    return before


def leased(one: Setting) -> int:
    return one.store.states().count("leased")


def ready(one: Setting) -> int:
    return len(one.dispatcher._queue("one").ready)


def in_seconds(seconds: float):
    async def answer(_: Call) -> Answer:
        await asyncio.sleep(seconds)
        return OK

    return answer


def test_slots_need_not_wait_for_the_commits_of_their_leases() -> None:
    async def main() -> None:
        fast = plan(target(concurrency=20))
        async with dispatching(fast, in_seconds(COMMIT), before=waiting(1000)) as one:
            began = clock()
            await one.until(lambda: one.store.states().count("delivered") == 1000, every=0.001)
            assert one.outside.most == {"http://one.test/hooks": 20}
            alone = 1000 / 20 * COMMIT
            assert clock() - began < 1.2 * alone, "one after the other it would be twice as long"

    run(main())


@pytest.mark.parametrize("slots", [1, 3])
def test_of_a_slow_target_nothing_is_leased_before_its_slot(slots: int) -> None:
    async def main() -> None:
        most = 0

        async def slowly(_: Call) -> Answer:
            nonlocal most
            await asyncio.sleep(10)
            most = max(most, leased(one))
            return OK

        slow = plan(target(concurrency=slots, timeout=30))
        async with dispatching(slow, slowly, before=waiting(30)) as one:
            await one.until(lambda: set(one.store.states()) == {"delivered"})
        assert most == slots

    run(main())


def test_never_more_than_two_leases_wait_for_slots() -> None:
    async def main() -> None:
        most = 0

        async def at_once(_: Call) -> Answer:
            nonlocal most
            most = max(most, one.dispatcher._queue("one").coming + ready(one))
            await asyncio.sleep(COMMIT / 1000)
            return OK

        async with dispatching(plan(target(concurrency=5)), at_once, before=waiting(2000)) as one:
            await one.until(lambda: set(one.store.states()) == {"delivered"})
        assert LEASE / 2 < most <= 2 * LEASE

    run(main())


def test_the_end_puts_back_what_was_leased_ahead() -> None:
    async def main() -> None:
        async with dispatching(
            plan(target(concurrency=5)), in_seconds(COMMIT), before=waiting(500)
        ) as one:
            await one.until(lambda: ready(one) > 0, every=0.001)
            assert leased(one) > 5
        assert set(one.store.states()) == {"delivered", "pending"}
        assert len(one.outside.order) == one.store.states().count("delivered")

    run(main())


def test_an_open_breaker_puts_back_what_was_leased_ahead() -> None:
    async def main() -> None:
        whole = target(concurrency=5)
        async with dispatching(plan(whole), in_seconds(COMMIT), before=waiting(500)) as one:
            await one.until(lambda: ready(one) > 0, every=0.001)
            one.gates.open("one", frozenset(each.url for each in whole.endpoints))
            await asyncio.sleep(1)
            assert leased(one) == 0
            back = [row.delivery.reason for row in one.store.rows.values()]
            assert Reason.BREAKER_OPEN in back
            one.gates.close("one", frozenset(each.url for each in whole.endpoints))
            await one.until(lambda: set(one.store.states()) == {"delivered"})
            assert len(one.outside.order) == 500

    run(main())


def test_thousands_that_are_held_at_once_leave_the_loop_to_others() -> None:
    async def main() -> None:
        async with dispatching(plan(target()), before=waiting(2000, 0.0)) as one:
            one.store.paused = True
            one.pauses.set("target", "one", paused=True)
            turns = 0
            while len(one.store.recorded) < 2000:
                turns += 1
                await asyncio.sleep(0)
            assert turns > 2000 / 10, "a slot ends one of them in a turn"

    run(main())


def test_who_comes_to_a_steady_target_waits_for_few_that_were_leased_ahead() -> None:
    async def main() -> None:
        steady = plan(target(concurrency=2))
        async with dispatching(steady, in_seconds(0.1), before=waiting(300)) as one:
            most = 0
            while one.store.states().count("delivered") < 250:
                most = max(most, ready(one))
                await asyncio.sleep(0.05)
            assert most <= 20 * SOON + 2, "twenty a second are tried"

    run(main())


def test_a_target_that_hangs_all_at_once_gives_back_what_was_leased_ahead() -> None:
    async def main() -> None:
        hangs = False

        async def answer(_: Call) -> Answer:
            await asyncio.sleep(60 if hangs else COMMIT / 10)
            return OK

        whole = plan(target(concurrency=5, timeout=90))
        async with dispatching(whole, answer, before=waiting(3000)) as one:
            await one.until(lambda: ready(one) > 100, every=0.001)
            hangs = True
            await asyncio.sleep(2 * LATE + 0.1)
            assert leased(one) == 5
            hangs = False
            await one.until(lambda: set(one.store.states()) == {"delivered"})
            assert len(one.outside.order) == 3000

    run(main())
