"""A slow or dead target never slows another: twenty good ones beside one that hangs, on a virtual
clock; and whatever its bodies weigh, it holds its own share of memory only."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.delivery import dispatcher as dispatching_module
from gateway.delivery import queue as queue_module
from gateway.delivery.memory import AttemptMemory
from gateway.net.egress import Call
from gateway.net.sending import Answer
from tests.delivery.setting import OK, MemoryDeliveries, dispatching, pairs, plan, target
from tests.delivery.test_fresh_and_end import accept
from tests.delivery.virtual import clock, run

GOOD = [f"good-{number}" for number in range(20)]


def bad(kind: str) -> Callable[[Call], object]:
    """What a target does that is not well."""

    async def hangs(_: Call) -> Answer:
        await asyncio.sleep(3600)
        return OK

    async def times_out(_: Call) -> Answer:
        await asyncio.sleep(10)
        return Answer(None, "timeout", "", b"", 10.0)

    async def refuses(_: Call) -> Answer:
        return Answer(None, "refused", "", b"", 0.0)

    return {"hangs": hangs, "times out": times_out, "refuses": refuses}[kind]


async def delivering(kind: str | None, *, each: int = 100) -> dict[str, float]:
    """When each delivery of the good targets arrived, half of them old, half coming in one by one;
    beside a target of that kind with ten times as many, or beside none."""
    began = clock()
    arrived: dict[str, float] = {}

    async def answer(call: Call) -> Answer:
        if "bad" in call.url:
            return await bad(kind or "hangs")(call)
        await asyncio.sleep(0.1)
        arrived[dict(pairs(call))["webhook-id"].split("_")[1]] = clock() - began
        return OK

    def before(store: MemoryDeliveries) -> None:
        for _ in range(each // 2):
            for name in GOOD:
                store.new(name)
        for _ in range(each * 5 if kind else 0):
            store.new("bad")

    whole = plan(*map(target, GOOD), target("bad"))
    async with dispatching(whole, answer, before=before) as one:
        for number in range(each // 2):
            for name in GOOD:
                accept(one, name)
            for _ in range(10 if kind else 0):
                accept(one, "bad")
            await asyncio.sleep(0.02 if number % 10 else 0.5)
        good = [seq for seq, row in one.store.rows.items() if row.delivery.target != "bad"]
        await one.until(lambda: len(arrived) == len(good))
    return arrived


@pytest.mark.parametrize("kind", ["hangs", "times out", "refuses"])
def test_twenty_targets_are_as_fast_beside_a_bad_one_as_alone(kind: str) -> None:
    alone, beside = run(delivering(None)), run(delivering(kind))
    assert len(alone) == len(beside) == 20 * 100
    last_alone, last_beside = max(alone.values()), max(beside.values())
    assert last_beside == pytest.approx(last_alone, abs=0.2), "not one slot's time later"


def test_a_hanging_target_with_large_bodies_holds_its_share_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each body is a tenth of all that may be held."""
    limit, body = 1000, b"x" * 100
    monkeypatch.setattr(
        dispatching_module, "AttemptMemory", lambda targets: AttemptMemory(targets, limit)
    )

    async def main() -> None:
        holding: dict[str, int] = {}
        most: dict[str, int] = {}

        async def answer(call: Call) -> Answer:
            name = call.url.split("/")[2].split(".")[0]
            holding[name] = holding.get(name, 0) + 1
            most[name] = max(most.get(name, 0), holding[name])
            await asyncio.sleep(3600 if name == "bad" else 0.1)
            holding[name] -= 1
            return OK

        def before(store: MemoryDeliveries) -> None:
            for name in ("bad", "one", "two", "three"):
                for _ in range(50):
                    made = store.new(name)
                    store.rows[made.delivery.seq] = replace(made, body=body)

        whole = plan(*map(target, ("bad", "one", "two", "three")))
        async with dispatching(whole, answer, before=before) as one:
            began = clock()
            for name in ("one", "two", "three"):
                await one.until(lambda: set(one.store.states(name)) == {"delivered"})  # noqa: B023
            assert clock() - began < 3
            # A share is 250 bytes: begun while less is held, so three at most.
            assert most == dict.fromkeys(("bad", "one", "two", "three"), 3)
            assert one.store.states("bad").count("leased") <= 10

        assert "leased" not in one.store.states(), "what waited for memory waits in the store again"

    run(main())


def test_a_body_larger_than_the_share_is_delivered_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        dispatching_module, "AttemptMemory", lambda targets: AttemptMemory(targets, 1)
    )

    async def main() -> None:
        async def answer(_: Call) -> Answer:
            await asyncio.sleep(0.1)
            return OK

        def before(store: MemoryDeliveries) -> None:
            for _ in range(30):
                store.new()

        async with dispatching(plan(target()), answer, before=before) as one:
            for _ in range(30):
                accept(one)
            await one.until(lambda: set(one.store.states()) == {"delivered"})
            assert len(one.outside.order) == 60
            assert set(one.outside.most.values()) == {1}

    run(main())


def test_many_targets_share_the_memory_for_what_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_module, "BACKLOGS", 400)
    names = [f"t{number}" for number in range(10)]

    async def main() -> None:
        def before(store: MemoryDeliveries) -> None:
            for _ in range(500):
                for name in names:
                    store.new(name)

        async with dispatching(plan(*map(target, names)), bad("hangs"), before=before) as one:
            await asyncio.sleep(60)
            waiting = [len(queue) for queue in one.dispatcher._queues.values()]
            assert sum(waiting) <= 2 * 400
            assert all(waiting), "each has some"

    run(main())


def test_all_of_a_backlog_beyond_memory_is_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue_module, "BACKLOGS", 200)
    names = [f"t{number}" for number in range(10)]

    async def main() -> None:
        async def takes(_: Call) -> Answer:
            return OK

        def before(store: MemoryDeliveries) -> None:
            for _ in range(200):
                for name in names:
                    store.new(name)

        async with dispatching(plan(*map(target, names)), takes, before=before) as one:
            await one.until(lambda: set(one.store.states()) == {"delivered"})
            assert len(one.outside.order) == len(set(one.outside.order)) == 2000

    run(main())
