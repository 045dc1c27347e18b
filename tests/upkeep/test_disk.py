"""The disk guard: closed before anything breaks, open again by itself, the ballast only in need."""

import errno
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from gateway.errors import StoreUnavailable
from gateway.store.protocol import Health
from gateway.upkeep import disk
from gateway.upkeep.ballast import Ballast
from gateway.upkeep.disk import Disk, DiskGuard, gives, refusal, takes

MIB = 2**20
MIN_FREE = 8 * MIB
SIZE = MIN_FREE // 2
"""Of the ballast that belongs to it."""
WELL = Disk(free=100 * MIB, held=SIZE, reusable=0)
FULL = replace(WELL, free=0, problem="database or disk is full", refused=True)


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (WELL, ""),
        (replace(WELL, free=MIN_FREE - SIZE), ""),  # the ballast is ours
        (replace(WELL, free=MIN_FREE - SIZE - 1), "only 8.0 MiB of room"),
        (replace(WELL, free=0, reusable=MIN_FREE), ""),  # the database need not grow
        (FULL, "only 4.0 MiB of room"),
        (replace(FULL, reusable=MIN_FREE), "does not take what is written: database or disk"),
        (replace(WELL, problem="a mistake"), ""),  # not the disk's: each commit is its own judge
        (replace(WELL, problem="disk I/O error", refused=True), "disk I/O error"),
        (replace(WELL, held=0), "no new reserve yet"),
        (replace(WELL, held=0, reusable=MIN_FREE), ""),
    ],
)
def test_new_events_are_refused_when_there_is_no_room(known: Disk, why: str) -> None:
    found = refusal(known, MIN_FREE)
    assert found.startswith(why) if why[:4] == "only" else why in found
    assert bool(found) == bool(why)


def test_without_min_free_only_a_disk_that_takes_nothing_refuses() -> None:
    assert refusal(Disk(0, 0, 0), 0) == ""
    assert refusal(replace(FULL, held=0), 0) != ""


@pytest.mark.parametrize(
    ("known", "wanted"),
    [(WELL, False), (replace(WELL, free=0), False), (FULL, True), (replace(FULL, held=0), False),
     (replace(WELL, problem="a mistake"), False)],
)  # fmt: skip
def test_the_ballast_is_given_back_when_a_commit_fails_for_room_and_not_before(
    known: Disk, wanted: bool
) -> None:
    assert gives(known) is wanted


@pytest.mark.parametrize(
    ("known", "wanted"),
    [
        (WELL, False),
        (replace(WELL, held=0), True),
        (replace(WELL, held=0, problem="x"), False),
        (replace(WELL, held=0, free=2 * SIZE), True),
        (replace(WELL, held=0, free=2 * SIZE - 1), False),
        (replace(WELL, held=SIZE // 2, free=3 * SIZE // 2), True),
        (replace(WELL, held=2 * SIZE, free=0), True),  # min_free was made smaller
    ],
)
def test_the_ballast_is_written_again_where_there_is_room_for_it_twice(
    known: Disk, wanted: bool
) -> None:
    assert takes(known, MIN_FREE) is wanted


@dataclass
class Store:
    """A store on a disk of its own, whose size a test sets. Bytes."""

    ballast: Ballast
    size: int = 100 * MIB
    others: int = 0
    """Filled by somebody else."""
    reusable: int = 0
    takes: bool = True
    problem: str = ""
    probes: int = 0

    async def health(self) -> Health:
        free = self.size - self.others - self.ballast.held
        return Health(
            not self.problem, self.problem, free, 0, 0, 0,
            disk_refused=bool(self.problem), reusable_bytes=self.reusable,
        )  # fmt: skip

    async def probe(self) -> None:
        self.probes += 1
        full = self.size - self.others - self.ballast.held <= 0
        self.problem = "database or disk is full" if full or not self.takes else ""
        if self.problem:
            raise StoreUnavailable(self.problem)


@dataclass
class Bench:
    """A guard, its store, and what it said."""

    store: Store
    ballast: Ballast
    min_free: int = MIN_FREE
    rooms: list[int] = field(default_factory=list)
    changes: list[tuple[bool, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.guard = DiskGuard(
            self.store, self.ballast, lambda: self.min_free, self.rooms.append, self._changed
        )

    def _changed(self) -> None:
        self.changes.append((bool(self.guard.why), bool(self.guard.problem)))


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(disk, "LEFT_ALONE", 0.0)
    ballast = Ballast(tmp_path / "gateway.db")
    return Bench(Store(ballast), ballast)


async def test_the_first_look_writes_the_ballast(bench: Bench) -> None:
    await bench.guard.look()
    assert (bench.ballast.held, bench.guard.why, bench.guard.strained) == (SIZE, "", False)
    assert bench.changes == []
    assert bench.rooms[-1] == 100 * MIB


async def test_a_disk_filled_by_others_and_emptied_again(bench: Bench) -> None:
    await bench.guard.look()
    bench.store.others = 94 * MIB
    await bench.guard.look()
    assert "only 6.0 MiB" in bench.guard.why
    assert bench.ballast.held == SIZE  # nothing failed yet
    assert not bench.guard.strained
    # Full to the last byte: a commit fails, the ballast goes, and the store can write again.
    bench.store.others = 99 * MIB
    bench.store.problem = "database or disk is full"
    await bench.guard.look()
    assert bench.ballast.held == 0
    assert (bool(bench.guard.why), bench.guard.problem, bench.guard.strained) == (True, "", True)
    # Somebody takes that too.
    bench.store.others = 100 * MIB
    bench.store.problem = "database or disk is full"
    await bench.guard.look()
    assert bench.guard.problem
    # Room again, and no traffic that would find out.
    bench.store.others = 0
    await bench.guard.look()
    assert (bench.guard.why, bench.guard.problem, bench.guard.strained) == ("", "", False)
    assert bench.ballast.held == SIZE


async def test_pruning_alone_opens_a_store_that_filled_its_own_disk(bench: Bench) -> None:
    await bench.guard.look()
    bench.store.others = 95 * MIB
    await bench.guard.look()
    assert bench.guard.why
    bench.store.reusable = 3 * MIB
    await bench.guard.look()
    assert bench.guard.why == ""


async def test_an_error_that_passes_costs_one_look(bench: Bench) -> None:
    await bench.guard.look()
    bench.store.problem = "disk I/O error"
    await bench.guard.look()
    assert bench.changes == [(True, True), (False, False)]
    assert bench.ballast.held == SIZE


async def test_a_broken_disk_is_asked_once_a_look_until_it_is_well(bench: Bench) -> None:
    await bench.guard.look()
    bench.store.takes, bench.store.problem = False, "disk I/O error"
    for _ in range(3):
        await bench.guard.look()
    assert bench.store.probes == 3
    assert "does not take" in bench.guard.why
    bench.store.takes = True
    await bench.guard.look()
    assert (bench.guard.why, bench.ballast.held) == ("", SIZE)


async def test_over_quota_the_number_of_free_bytes_is_not_believed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.guard.look()

    def quota(size: int) -> None:
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    take = bench.ballast.take
    monkeypatch.setattr(bench.ballast, "take", quota)
    bench.store.problem = "disk I/O error"
    await bench.guard.look()
    assert bench.guard.problem == ""  # with the ballast's bytes the store can write
    assert "no new reserve" in bench.guard.why
    await bench.guard.look()
    assert bench.guard.why
    monkeypatch.setattr(bench.ballast, "take", take)
    await bench.guard.look()
    assert bench.guard.why == ""


async def test_what_was_given_back_is_left_to_the_results_for_a_while(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "LEFT_ALONE", 3600.0)
    await bench.guard.look()
    bench.store.problem = "disk I/O error"
    await bench.guard.look()
    assert (bench.ballast.held, bench.guard.strained) == (0, True)
    await bench.guard.look()
    assert bench.ballast.held == 0


async def test_another_min_free_changes_the_ballast(bench: Bench) -> None:
    await bench.guard.look()
    for min_free in (2 * MIN_FREE, MIN_FREE // 2, 0):
        bench.min_free = min_free
        await bench.guard.look()
        assert bench.ballast.held == min_free // 2
    assert not bench.ballast.path.exists()
    assert not bench.guard.strained


async def test_a_ballast_that_cannot_be_deleted_ends_no_look(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.guard.look()

    def broken() -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(bench.ballast, "give", broken)
    bench.store.takes, bench.store.problem = False, "disk I/O error"
    await bench.guard.look()
    assert bench.guard.why
