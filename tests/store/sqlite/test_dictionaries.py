"""Dictionaries: they make packs small, and nothing is ever lost or unreadable because of one."""

import hashlib
import sqlite3
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import StoreUnavailable
from gateway.model.ids import Seq
from gateway.store import sqlite
from gateway.store.protocol import EventFilter, Store
from gateway.store.sqlite.dictionaries import (
    FIRST,
    SAMPLE,
    SIZE,
    Dictionary,
    Samples,
    decompress,
    words,
)
from tests.store.make import NOW, admission, event


def body(number: int) -> bytes:
    """Bodies of one shape, as a sender's are; no two of them the same."""
    urls = b"".join(b'"key_%d":"https://api.example.com/repos/a/b/%d",' % (n, n) for n in range(60))
    sha = hashlib.sha1(b"%d" % number).hexdigest().encode()
    return b'{%b"sha":"%b"}' % (urls, sha)


async def fill(store: Store, start: int, stop: int) -> None:
    for number in range(start, stop):
        await store.accept(admission(event(str(number)), body=body(number)))


def table(path: Path, sql: str) -> list[tuple]:
    db = sqlite3.connect(path)
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()


async def check(store: Store, start: int, stop: int) -> None:
    """That each of these bodies comes back as it was."""
    for number in range(start, stop):
        (found,) = await store.events(EventFilter(text=str(number)), None, 1)
        receipt = await store.receipt(found.event.receipt)
        assert receipt is not None
        assert receipt.body == body(number)


@given(st.binary(min_size=1, max_size=2000), st.binary(max_size=2000))
def test_what_a_dictionary_packs_it_unpacks(content: bytes, raw: bytes) -> None:
    made = Dictionary(Seq(1), content)
    assert decompress(made.compress(raw), words(made.stored)) == raw


def test_a_pack_without_its_dictionary_is_damaged_and_not_guessed() -> None:
    made = Dictionary(Seq(1), b"abcdefgh" * 100)
    with pytest.raises(zstandard.ZstdError):
        decompress(made.compress(b"abcdefgh" * 50), None)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(1, SAMPLE + 9)), max_size=80))
def test_samples_are_bounded_however_many_come(coming: list[tuple[str, int]]) -> None:
    samples = Samples()
    for kind, size in coming:
        if samples.wants((kind, "push")):
            samples.add((kind, "push"), [kind.encode() * size])
    assert len(samples.content()) <= SIZE


def test_the_newest_of_each_kind_stands_last() -> None:
    samples = Samples()
    for kind, raw in (("a", b"1"), ("b", b"2"), ("a", b"3")):
        assert samples.wants((kind, ""))
        samples.add((kind, ""), [raw])
    assert samples.content() == b"123"


async def test_alike_receipts_of_a_quiet_gateway_are_stored_small(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    store = await sqlite.open(path)
    await fill(store, 0, 4 * FIRST)
    await check(store, 0, 4 * FIRST)
    await store.close()
    sizes = table(path, "SELECT length(data), dictionary FROM packs ORDER BY id")
    alone = [size for size, used in sizes if used is None]
    against = [size for size, used in sizes if used is not None]
    assert len(alone) == FIRST
    assert max(against) * 2 < min(alone)


async def test_a_restart_reads_what_was_packed_before_and_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    for start in (0, 20, 40):
        store = await sqlite.open(path)
        await fill(store, start, start + 20)
        await check(store, 0, start + 20)
        await store.close()
    assert table(path, "SELECT count(*) FROM dictionaries") == [(3,)]
    copy = await sqlite.open(path)
    await copy.backup(tmp_path / "copy.db")
    await copy.close()
    restored = await sqlite.open(tmp_path / "copy.db")
    await check(restored, 0, 60)
    await restored.close()


async def test_a_dictionary_whose_commit_failed_is_used_for_nothing(tmp_path: Path) -> None:
    failing = [False]

    def fault(point: str) -> None:
        if failing[0] and point == "before_commit":
            raise OSError(28, "No space left on device")

    path = tmp_path / "gateway.db"
    store = await sqlite.open(path, fault=fault)
    await fill(store, 0, FIRST)
    failing[0] = True
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            await fill(store, FIRST, FIRST + 1)
    failing[0] = False
    await fill(store, FIRST, FIRST + 5)
    await check(store, 0, FIRST + 5)
    await store.close()
    known = {number for (number,) in table(path, "SELECT id FROM dictionaries")}
    used = {number for (number,) in table(path, "SELECT DISTINCT dictionary FROM packs")} - {None}
    assert used == known
    assert len(known) == 1


async def test_a_dictionary_goes_with_the_last_pack_that_needs_it(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    for start in (0, 20):
        store = await sqlite.open(path)
        for number in range(start, start + 20):
            at = NOW if number < 20 + FIRST else NOW + 2000  # those of no dictionary as well
            await store.accept(admission(event(str(number)), body=body(number), at=at))
        await store.close()
    store = await sqlite.open(path)
    while await store.prune(NOW + 1000, 0.0, 7):
        pass
    assert len(table(path, "SELECT id FROM dictionaries")) == 1
    await check(store, 20 + FIRST, 40)
    while await store.prune(NOW + 3000, 0.0, 7):
        pass
    # The newest stays: a running process may be about to use it.
    assert len(table(path, "SELECT id FROM dictionaries")) == 1
    await store.close()


async def test_a_lost_dictionary_is_said_and_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    store = await sqlite.open(path)
    await fill(store, 0, FIRST + 2)
    await store.close()
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM dictionaries")
    db.close()
    store = await sqlite.open(path)
    await check(store, 0, FIRST)
    with pytest.raises(StoreUnavailable, match="lost pack"):
        await check(store, FIRST, FIRST + 1)
    await store.close()
