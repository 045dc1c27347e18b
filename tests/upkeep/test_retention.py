"""Pruning on a disk that takes only small commits, and beside a load."""

import asyncio
from pathlib import Path

import pytest

from gateway.errors import StoreUnavailable
from gateway.plan.plan import StoreSettings
from gateway.upkeep import retention
from gateway.upkeep.retention import LEAST, SLICE, Retention, prune_once
from tests.delivery.virtual import clock, run

SETTINGS = StoreSettings(Path("gateway.db"), 10.0, 20.0, 0)


class Store:
    """A hundred old events, on a disk that takes so many a commit."""

    def __init__(self, takes: int) -> None:
        self.takes = takes
        self.left = 100
        self.limits: list[int] = []

    async def prune(self, events_before: float, dedup_before: float, limit: int) -> int:
        assert (events_before, dedup_before) == (90.0, 80.0)
        self.limits.append(limit)
        if limit > self.takes:
            raise StoreUnavailable("database or disk is full")
        gone = min(limit, self.left)
        self.left -= gone
        return gone


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PAUSE", 0.0)


@pytest.mark.parametrize("takes", [SLICE, 20, LEAST])
async def test_it_goes_on_with_as_much_as_the_disk_takes(takes: int) -> None:
    store = Store(takes)
    assert await prune_once(store, SETTINGS, 100.0) == 100  # type: ignore[arg-type]
    assert store.left == 0


async def test_a_store_that_takes_nothing_is_not_asked_for_ever() -> None:
    store = Store(0)
    with pytest.raises(StoreUnavailable):
        await prune_once(store, SETTINGS, 100.0)  # type: ignore[arg-type]
    assert store.limits == [512, 128, 32, 8, 4]


def test_a_slice_that_has_to_wait_is_followed_by_a_longer_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Busy:
        left = 4

        async def prune(self, *_: object) -> int:
            await asyncio.sleep(self.takes)
            self.left -= 1
            return self.left

        def __init__(self, takes: float) -> None:
            self.takes = takes

    async def main() -> None:
        for takes, rest in ((0.001, 0.05), (0.05, 0.2), (1.0, 0.25)):
            monkeypatch.setattr(retention, "PAUSE", 0.05)
            began = clock()
            await prune_once(Busy(takes), SETTINGS, 100.0)  # type: ignore[arg-type]
            assert clock() - began == pytest.approx(4 * takes + 3 * rest)

    run(main())


def test_pruning_keeps_up_with_more_than_it_does_at_its_ease(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rate, settings = 1500, StoreSettings(Path("gateway.db"), 60.0, 60.0, 0)

    class Growing:
        """So many events a second, on a machine where a slice takes a tenth of one."""

        oldest = most = 0.0

        async def prune(self, before: float, _: float, limit: int) -> int:
            await asyncio.sleep(0.1)
            now = asyncio.get_running_loop().time()
            self.most = max(self.most, now - self.oldest)
            gone = min(limit, max(0, int((before - self.oldest) * rate)))
            self.oldest += gone / rate
            return gone

    async def main() -> float:
        store, time = Growing(), asyncio.get_running_loop().time
        one = Retention(store, lambda: settings, time, lambda: False)  # type: ignore[arg-type]
        watching = asyncio.create_task(one.watch())
        await asyncio.sleep(5000)
        watching.cancel()
        return store.most

    monkeypatch.setattr(retention, "PAUSE", 0.05)
    assert run(main()) < 10 * 60


async def test_another_retention_or_a_lack_of_room_is_acted_on_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = Store(SLICE)
    pressed = False
    one = Retention(store, lambda: SETTINGS, lambda: 100.0, lambda: pressed)  # type: ignore[arg-type]

    async def rounds(count: int) -> None:
        async with asyncio.timeout(10):
            while store.limits.count(SLICE) < count:
                await asyncio.sleep(0)

    watching = asyncio.create_task(one.watch())
    await rounds(2)  # a hundred rows, and none left
    one.soon()
    await rounds(3)
    monkeypatch.setattr(retention, "PRESSED", 0.0)
    pressed = True
    one.soon()
    await rounds(10)
    watching.cancel()
