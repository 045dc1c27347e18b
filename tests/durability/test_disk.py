"""The disk with a cache, on records written by hand: what a power cut leaves of them."""

import itertools
from collections.abc import Mapping

from tests.durability.disk import LOST, Cut, Disk
from tests.durability.shim import Op, Record

FOLDER, FILE = 3, 4
SEEDS = range(200)


def opened(path: str = "/d/a", fd: int = FILE, made: bool = True) -> Record:
    return Record(Op.OPEN, fd, flag=made, data=path.encode())


def write(data: bytes, at: int = 0, fd: int = FILE) -> Record:
    return Record(Op.WRITE, fd, at=at, data=data)


def sync(fd: int = FILE, result: int = 0) -> tuple[Record, Record]:
    return Record(Op.SYNC, fd), Record(Op.SYNCED, fd, at=result)


NAMED = (opened("/d", FOLDER, made=False), opened(), *sync(FOLDER))


def after(*records: Record, cut: Cut = LOST) -> Mapping[str, bytes]:
    disk = Disk()
    for record in records:
        disk.feed(record)
    return disk.after_cut(cut)


def outcomes(*records: Record, sector: int = 4) -> set[bytes | None]:
    """Everything that chance makes of a file."""
    return {after(*records, cut=Cut(sector, seed)).get("/d/a") for seed in SEEDS}


def test_what_was_synced_stays() -> None:
    records = (*NAMED, write(b"abcd"), *sync())
    assert after(*records) == {"/d/a": b"abcd"}
    assert outcomes(*records) == {b"abcd"}


def test_what_was_not_synced_is_lost_or_torn() -> None:
    records = (*NAMED, write(b"abcd"), *sync(), write(b"ABCDEFGH"))
    assert after(*records) == {"/d/a": b"abcd"}
    assert outcomes(*records) == {b"abcd", b"ABCD", b"abcdEFGH", b"ABCDEFGH"}


def test_what_was_written_while_the_sync_ran_is_not_safe() -> None:
    begun, ended = sync()
    assert after(*NAMED, write(b"a"), begun, write(b"b", 1), ended) == {"/d/a": b"a"}


def test_a_sync_that_has_not_ended_or_failed_makes_nothing_safe() -> None:
    begun, _ = sync()
    assert after(*NAMED, write(b"a"), begun) == {"/d/a": b""}
    assert after(*NAMED, write(b"a"), *sync(result=-1)) == {"/d/a": b""}


def test_a_sync_of_another_file_makes_nothing_safe() -> None:
    records = (*NAMED, opened("/d/b", 5), write(b"a"), *sync(5))
    assert after(*records) == {"/d/a": b""}


def test_a_new_file_is_gone_until_its_folder_was_synced() -> None:
    records = (opened("/d", FOLDER, made=False), opened(), write(b"a"), *sync())
    assert after(*records) == {}
    assert outcomes(*records) == {None, b"a"}
    assert after(*records, *sync(FOLDER)) == {"/d/a": b"a"}


def test_a_removed_file_may_come_back_until_its_folder_was_synced() -> None:
    removed = Record(Op.UNLINK, data=b"/d/a")
    records = (*NAMED, write(b"a"), *sync(), removed)
    assert after(*records) == {"/d/a": b"a"}
    assert outcomes(*records) == {None, b"a"}
    assert after(*records, *sync(FOLDER)) == {}


def test_a_file_made_anew_under_a_name_is_another_file() -> None:
    records = (*NAMED, write(b"old"), *sync(), Record(Op.UNLINK, data=b"/d/a"), opened())
    assert after(*records, write(b"new"), *sync()) == {"/d/a": b"old"}
    assert after(*records, write(b"new"), *sync(), *sync(FOLDER)) == {"/d/a": b"new"}


def test_a_renamed_file_has_one_of_its_names() -> None:
    renamed = Record(Op.RENAME, data=b"/d/a\0/d/b")
    records = (*NAMED, write(b"a"), *sync(), renamed)
    found = [after(*records, cut=Cut(4, seed)) for seed in SEEDS]
    assert {"/d/a": b"a"} in found
    assert {"/d/b": b"a"} in found
    assert all(len(files) == 1 for files in found)
    assert after(*records, *sync(FOLDER)) == {"/d/b": b"a"}


def test_a_sector_never_mixes_a_later_write_with_the_lack_of_an_earlier_one() -> None:
    records = (*NAMED, write(b"...."), *sync(), write(b"a"), write(b"b", 1))
    assert outcomes(*records) == {b"....", b"a...", b"ab.."}


def test_a_later_sector_may_be_there_without_an_earlier_one() -> None:
    assert b"\0\0\0\0EFGH" in outcomes(*NAMED, write(b"ABCDEFGH"))


def test_a_truncation_is_lost_or_not() -> None:
    shorter = Record(Op.TRUNCATE, FILE, at=2)
    records = (*NAMED, write(b"abcd"), *sync(), shorter)
    assert after(*records) == {"/d/a": b"abcd"}
    assert outcomes(*records) == {b"abcd", b"ab"}
    assert after(*records, *sync()) == {"/d/a": b"ab"}


def test_what_was_written_stays_pending_when_the_process_dies() -> None:
    records = (*NAMED, write(b"a"), Record(Op.START), opened(made=False))
    assert after(*records) == {"/d/a": b""}
    assert after(*records, *sync()) == {"/d/a": b"a"}


def test_the_same_seed_is_the_same_cut() -> None:
    records = (*NAMED, *(write(bytes([n]), n) for n in range(40)))
    cut = Cut(4, 7)
    assert after(*records, cut=cut) == after(*records, cut=cut)
    different = itertools.pairwise(after(*records, cut=Cut(4, seed))["/d/a"] for seed in range(9))
    assert any(one != other for one, other in different)
