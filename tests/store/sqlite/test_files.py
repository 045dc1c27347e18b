"""Files: who may read them, who may write, what happens when they break."""

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from gateway.errors import StoreLocked, StoreUnavailable
from gateway.store import sqlite
from gateway.store.protocol import EventFilter
from gateway.store.sqlite import files
from tests.store.make import admission, delivery, event


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_every_file_is_its_owner_s_alone_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    before = os.umask(0)
    try:
        store = await sqlite.open(path)
        await store.accept(admission(event("a")))
        await store.backup(tmp_path / "copy.db")
    finally:
        os.umask(before)
    names = {p.name for p in tmp_path.iterdir()}
    assert names >= {"gateway.db", "gateway.db-wal", "gateway.db-shm", "gateway.db.lock", "copy.db"}
    assert {p.name for p in tmp_path.iterdir() if mode(p) != 0o600} == set()
    await store.close()


async def test_a_readable_database_is_closed_to_others_when_opened(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    path.touch(0o644)
    path.chmod(0o644)
    await (await sqlite.open(path)).close()
    assert mode(path) == 0o600


async def test_a_second_writer_is_told_who_holds_the_database(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    store = await sqlite.open(path)
    with pytest.raises(StoreLocked, match=f"process {os.getpid()}"):
        await sqlite.open(path)
    await store.close()
    await (await sqlite.open(path)).close()


async def test_a_missing_folder_and_a_file_that_is_no_database_are_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="does not exist"):
        await sqlite.open(tmp_path / "nowhere" / "gateway.db")
    wrong = tmp_path / "gateway.db"
    wrong.write_bytes(b"not a database" * 100)
    for opener in (sqlite.open, sqlite.open_readonly):
        with pytest.raises(StoreUnavailable, match="not a database"):
            await opener(wrong)
    files.Lock(wrong).release()  # the failed open gave its lock back
    with pytest.raises(StoreUnavailable, match="no store at"):
        await sqlite.open_readonly(tmp_path / "other.db")


async def test_others_read_while_a_gateway_writes_and_after_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    store = await sqlite.open(path)
    reader = await sqlite.open_readonly(path)
    await store.accept(admission(event("a", delivery())))
    assert len(await reader.events(EventFilter(), None, 9)) == 1
    await reader.close()
    await store.close()
    assert not (tmp_path / "gateway.db-wal").exists()
    reader = await sqlite.open_readonly(path)
    assert [e.state for e in await reader.events(EventFilter(), None, 9)] == ["pending"]
    await reader.close()


async def test_a_reader_cannot_write(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    await (await sqlite.open(path)).close()
    reader = await sqlite.open_readonly(path)
    async with reader._reading() as db:
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await db.execute_fetchall("DELETE FROM events")
    await reader.close()


async def test_a_backup_is_whole_and_never_replaces_a_file(tmp_path: Path) -> None:
    store = await sqlite.open(tmp_path / "gateway.db")
    (kept,) = await store.accept(admission(event("a"), body=b"exact"))
    copy = tmp_path / "copy.db"
    await store.backup(copy)
    await store.accept(admission(event("b")))
    with pytest.raises(StoreUnavailable, match="exists already"):
        await store.backup(copy)
    with pytest.raises(StoreUnavailable, match="No such file"):
        await store.backup(tmp_path / "nowhere" / "copy.db")
    await store.close()
    restored = await sqlite.open(copy)
    (found,) = await restored.events(EventFilter(), None, 9)
    receipt = await restored.receipt(found.event.receipt)
    assert found.event.id == kept.id
    assert receipt is not None
    assert receipt.body == b"exact"
    await restored.close()


async def test_a_lost_pack_is_said_and_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    store = await sqlite.open(path)
    made = delivery()
    await store.accept(admission(event("a", made)))
    await store.close()
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM packs")
    db.close()
    store = await sqlite.open(path)
    with pytest.raises(StoreUnavailable, match="lost pack"):
        await store.work([made.seq], 10**9)
    await store.close()


async def test_health_tells_room_sizes_and_the_last_problem(tmp_path: Path) -> None:
    broken = [True]

    def fault(point: str) -> None:
        if broken[0] and point == "before_commit":
            raise sqlite3.OperationalError("disk I/O error")

    store = await sqlite.open(tmp_path / "gateway.db", fault=fault)
    with pytest.raises(StoreUnavailable, match="disk I/O error"):
        await store.accept(admission(event("a")))
    assert ((await store.health()).writable, (await store.health()).problem) == (
        False,
        "disk I/O error",
    )
    broken[0] = False
    await store.accept(admission(event("a")))
    health = await store.health()
    assert (health.writable, health.problem, health.queue) == (True, "", 0)
    assert min(health.free_bytes, health.database_bytes, health.wal_bytes) > 0
    await store.close()
    await store.close()
