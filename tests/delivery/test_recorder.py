"""Results on their way to the store: in order, in few commits, and kept while it fails."""

import asyncio
from collections.abc import Sequence
from itertools import chain

from gateway.delivery.recorder import MOST, Recorder
from gateway.errors import StoreUnavailable
from gateway.model.ids import Seq
from gateway.model.records import Result
from gateway.model.states import DeliveryState, Reason
from tests.delivery.virtual import clock, run


def result(seq: int) -> Result:
    return Result(Seq(seq), DeliveryState.DELIVERED, Reason.DONE, "", 0.0, None)


class Book:
    """Only the store's `record`."""

    def __init__(self) -> None:
        self.broken = False
        self.deaf = False
        self.most = MOST
        self.batches: list[list[int]] = []
        self.heard: list[int] = []
        self.recovered = 0
        self.reports: list[BaseException] = []

    async def record(self, results: Sequence[Result]) -> None:
        await asyncio.sleep(0.01)
        if self.broken or len(results) > self.most:
            raise StoreUnavailable("the disk is full")
        self.batches.append([one.delivery for one in results])

    def hear(self, batch: Sequence[tuple[str, Result]]) -> None:
        if self.deaf:
            raise ValueError("a mistake")
        self.heard.extend(one.delivery for _, one in batch)

    def recorder(self) -> Recorder:
        return Recorder(
            self,  # type: ignore[arg-type]  # the store's other side is not asked
            self.hear,
            lambda: setattr(self, "recovered", self.recovered + 1),
            self.reports.append,
        )


def test_many_results_share_a_commit_and_keep_their_order() -> None:
    async def main() -> None:
        book = Book()
        one = book.recorder()
        for seq in range(500):
            one.add("one", result(seq))
            if seq % 100 == 0:
                await asyncio.sleep(0)
        await one.close(5.0)
        assert list(chain(*book.batches)) == book.heard == list(range(500))
        assert len(book.batches) <= 6

    run(main())


def test_nothing_is_known_as_recorded_before_it_is() -> None:
    async def main() -> None:
        book = Book()
        one = book.recorder()
        one.add("one", result(1))
        await asyncio.sleep(0.005)
        assert book.heard == []
        await asyncio.sleep(0.01)
        assert book.heard == [1]
        await one.close(1.0)

    run(main())


def test_while_it_fails_it_is_unhealthy_keeps_all_and_says_when_it_is_well_again() -> None:
    async def main() -> None:
        book = Book()
        one = book.recorder()
        book.broken = True
        for seq in range(3):
            one.add("one", result(seq))
            await asyncio.sleep(1)
        assert not one.healthy
        assert book.heard == []
        book.broken = False
        await asyncio.sleep(3)
        assert one.healthy
        assert book.recovered == 1
        assert list(chain(*book.batches)) == [0, 1, 2]
        await one.close(1.0)

    run(main())


def test_a_slow_store_stops_new_attempts_before_memory_fills() -> None:
    async def main() -> None:
        book = Book()
        one = book.recorder()
        for seq in range(MOST):
            assert one.healthy
            one.add("one", result(seq))
        assert not one.healthy
        await asyncio.sleep(1)
        assert one.healthy
        assert book.recovered == 1
        await one.close(1.0)

    run(main())


def test_the_end_does_not_wait_for_a_store_that_never_gets_well() -> None:
    async def main() -> None:
        book = Book()
        one = book.recorder()
        book.broken = True
        one.add("one", result(1))
        began = clock()
        await one.close(5.0)
        assert 4.9 < clock() - began < 6

    run(main())


def test_a_disk_that_takes_only_small_commits_gets_small_ones() -> None:
    async def main() -> None:
        book = Book()
        one = book.recorder()
        book.most = 10
        for seq in range(200):
            one.add("one", result(seq))
        await asyncio.sleep(200)
        assert list(chain(*book.batches)) == list(range(200))
        assert one.healthy
        book.most = MOST
        for seq in range(200):
            one.add("one", result(seq))
        await one.close(5.0)
        assert len(book.heard) == 400

    run(main())


def test_a_mistake_of_those_who_hear_of_it_ends_no_recording() -> None:
    async def main() -> None:
        book = Book()
        one = book.recorder()
        book.deaf = True
        one.add("one", result(1))
        await asyncio.sleep(1)
        book.deaf = False
        one.add("one", result(2))
        await one.close(1.0)
        assert [type(error) for error in book.reports] == [ValueError]
        assert book.heard == [2]
        assert list(chain(*book.batches)) == [1, 2]

    run(main())
