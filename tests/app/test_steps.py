"""What is done once the store can be used: in order, once each."""

import asyncio

import pytest

from gateway.app.steps import Steps
from gateway.errors import StoreUnavailable


async def test_a_failed_step_is_the_next_one_and_none_is_done_twice() -> None:
    done: list[str] = []
    broken = True

    async def one() -> None:
        done.append("one")

    async def two() -> None:
        if broken:
            raise StoreUnavailable("full")
        done.append("two")

    steps = Steps(one, two, one)
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            await steps.work_off()
    broken = False
    watching = asyncio.create_task(steps.watch())
    while len(done) < 3:
        await asyncio.sleep(0)
    steps.add(two)
    while len(done) < 4:
        await asyncio.sleep(0)
    assert done == ["one", "two", "one", "two"]
    watching.cancel()
