"""The ballast file: it holds what it says, or nothing."""

import errno
import os
import stat
from pathlib import Path

import pytest

from gateway.upkeep.ballast import LARGEST, Ballast, wanted

MIB = 2**20


@pytest.mark.parametrize(
    ("min_free", "size"),
    [(0, 0), (MIB, MIB // 2), (100 * MIB, 50 * MIB), (512 * MIB, 64 * MIB), (2**40, LARGEST)],
)
def test_its_size_follows_min_free(min_free: int, size: int) -> None:
    assert wanted(min_free) == size


def test_it_holds_blocks_of_its_own_and_gives_them_back(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "gateway.db")
    assert ballast.held == 0
    for size in (3 * MIB, 5 * MIB, MIB):
        ballast.take(size)
        assert ballast.held == size
        assert ballast.path.stat().st_blocks * 512 >= size
    assert stat.S_IMODE(ballast.path.stat().st_mode) == 0o600
    ballast.give()
    assert ballast.held == 0
    assert list(tmp_path.iterdir()) == []
    ballast.give()  # twice is once


def test_a_file_that_somebody_reads_frees_its_room_all_the_same(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "gateway.db")
    ballast.take(MIB)
    with ballast.path.open("rb") as reading:
        ballast.give()
        assert os.fstat(reading.fileno()).st_blocks == 0


def test_a_sparse_file_holds_nothing_and_is_filled(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "gateway.db")
    with ballast.path.open("wb") as file:
        file.truncate(MIB)
    assert ballast.held == 0
    ballast.take(MIB)
    assert ballast.held == MIB


def test_where_nothing_can_be_reserved_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "posix_fallocate")
    ballast = Ballast(tmp_path / "gateway.db")
    ballast.take(MIB + 5)
    assert ballast.held == MIB + 5


def test_without_room_for_it_twice_it_takes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allocate = os.posix_fallocate

    def quota(file: int, at: int, size: int) -> None:
        if size > 3 * MIB:
            allocate(file, at, 3 * MIB)
            raise OSError(errno.EDQUOT, "Disk quota exceeded")
        allocate(file, at, size)

    monkeypatch.setattr(os, "posix_fallocate", quota)
    ballast = Ballast(tmp_path / "gateway.db")
    with pytest.raises(OSError, match="quota"):
        ballast.take(2 * MIB)
    assert ballast.held == 0
    assert ballast.path.stat().st_blocks == 0
    ballast.take(MIB)
    assert ballast.held == MIB


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    ballast = Ballast(tmp_path / "gateway.db")
    ballast.path.symlink_to(precious)
    with pytest.raises(OSError, match="Too many levels"):
        ballast.take(MIB)
    assert precious.read_bytes() == b"precious"
