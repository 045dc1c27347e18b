"""`fair_by` on a virtual clock: one key's burst holds up none of the others, in memory and beyond it."""

import asyncio

import pytest

from gateway.delivery import loading as loading_module
from gateway.delivery import queue as queue_module
from gateway.model.records import Due
from gateway.net.egress import Call
from gateway.net.sending import Answer
from tests.delivery.setting import OK, MemoryDeliveries, dispatching, plan, target
from tests.delivery.virtual import clock, run


async def slowly(_: Call) -> Answer:
    await asyncio.sleep(1)
    return OK


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_module, "BACKLOG", 200)
    monkeypatch.setattr(loading_module, "PAGE", 50)


@pytest.mark.usefixtures("small")
def test_a_burst_larger_than_memory_holds_up_nobody_who_came_before_the_start() -> None:
    async def main() -> None:
        def before(store: MemoryDeliveries) -> None:
            for _ in range(3000):
                store.new(fair_key="loud", next_at=clock() - 100)
            for key in "abc":
                store.new(fair_key=key, next_at=clock())

        async with dispatching(plan(target(concurrency=1)), slowly, before=before) as one:
            await one.until(lambda: len(one.outside.order) >= 12)
            assert {"dlv_3001", "dlv_3002", "dlv_3003"} <= set(one.outside.order)

    run(main())


@pytest.mark.usefixtures("small")
def test_who_comes_into_a_burst_is_next_but_one() -> None:
    async def main() -> None:
        def before(store: MemoryDeliveries) -> None:
            for _ in range(3000):
                store.new(fair_key="loud", next_at=clock() - 100)

        async with dispatching(plan(target(concurrency=1)), slowly, before=before) as one:
            await one.until(lambda: len(one.outside.order) >= 500)
            made = len(one.outside.order)
            quiet = one.store.new(fair_key="quiet")
            one.dispatcher.due([Due(quiet.delivery.seq, "one", clock(), "quiet")])
            await one.until(lambda: quiet.delivery.id in one.outside.order)
            assert one.outside.order.index(quiet.delivery.id) <= made + 2

    run(main())


@pytest.mark.usefixtures("small")
def test_all_of_many_keys_arrive_once() -> None:
    async def main() -> None:
        def before(store: MemoryDeliveries) -> None:
            for n in range(4000):
                store.new(fair_key=f"k{n % 700}" if n % 7 else None)

        async with dispatching(plan(target()), before=before) as one:
            await one.until(lambda: set(one.store.states()) == {"delivered"}, every=1.0)
            assert len(one.outside.order) == len(set(one.outside.order)) == 4000

    run(main())


@pytest.mark.usefixtures("small")
def test_keys_that_routes_yaml_asks_for_no_more_are_still_delivered() -> None:
    async def main() -> None:
        def before(store: MemoryDeliveries) -> None:
            for key in ("old", "", None):
                for _ in range(100):
                    store.new(fair_key=key)

        async with dispatching(plan(target()), before=before) as one:
            await one.until(lambda: set(one.store.states()) == {"delivered"})

    run(main())
