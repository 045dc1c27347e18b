"""Failing disks, and commits that are not what they seemed: nothing lost, nothing said twice."""

import asyncio
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import StoreLocked, StoreUnavailable
from gateway.model.records import Committed
from gateway.model.states import DeliveryState
from gateway.store import sqlite
from gateway.store.protocol import EventFilter
from gateway.store.sqlite import connection, files
from gateway.store.sqlite.store import SqliteStore
from gateway.store.sqlite.thread_writer import ThreadWriter
from tests.store.make import admission, delivery, event, result

S = DeliveryState


def disk_error(code: int, text: str) -> sqlite3.OperationalError:
    """What SQLite raises."""
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode = code
    return error


FULL = disk_error(sqlite3.SQLITE_FULL, "database or disk is full")
QUOTA = disk_error(sqlite3.SQLITE_IOERR_WRITE, "disk I/O error")
SYNC = disk_error(sqlite3.SQLITE_IOERR_FSYNC, "disk I/O error")


class Fault:
    """Raises at one point while it is told to."""

    def __init__(self, point: str = "before_commit") -> None:
        self.point = point
        self.error: Exception | None = None

    def __call__(self, point: str) -> None:
        if self.error is not None and point == self.point:
            raise self.error


@pytest.mark.parametrize(
    ("error", "disk"),
    [(FULL, True), (QUOTA, True), (SYNC, True), (OSError(28, "x"), True), (OSError(122, "x"), True),
     (OSError(5, "x"), True), (OSError(13, "x"), False), (ValueError("a mistake"), False),
     (sqlite3.OperationalError("no code"), False)],
)  # fmt: skip
async def test_health_tells_a_disk_that_takes_nothing_from_other_failures(
    tmp_path: Path, error: Exception, disk: bool
) -> None:
    fault = Fault()
    store = await sqlite.open(tmp_path / "gateway.db", fault=fault)
    fault.error = error
    with pytest.raises(StoreUnavailable):
        await store.accept(admission(event("a")))
    health = await store.health()
    assert (health.writable, health.disk_refused) == (False, disk)
    with pytest.raises(StoreUnavailable):
        await store.probe()
    fault.error = None
    await store.probe()  # no traffic is needed to find out that it is well again
    health = await store.health()
    assert (health.writable, health.problem, health.disk_refused) == (True, "", False)
    await store.close()


async def test_a_mistake_after_the_commit_takes_no_answer_back(tmp_path: Path) -> None:
    fault = Fault("after_commit")
    heard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context))
    store = await sqlite.open(tmp_path / "gateway.db", fault=fault)
    fault.error = ValueError("a mistake")
    (first,) = await store.accept(admission(event("a")))
    (again,) = await store.accept(admission(event("a")))
    assert not first.duplicate
    assert (again.duplicate, again.id) == (True, first.id)
    assert [context["exception"] for context in heard] == [fault.error] * 2
    assert (await store.health()).writable
    await store.close()


async def test_a_listener_s_mistake_leaves_nobody_waiting(tmp_path: Path) -> None:
    heard: list[Committed] = []
    mistakes: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: mistakes.append(context))

    def wrong(_: Committed) -> None:
        raise ValueError("a mistake")

    store = await sqlite.open(tmp_path / "gateway.db")
    store.listen(wrong)
    store.listen(heard.append)
    async with asyncio.timeout(10):
        (kept,) = await store.accept(admission(event("a")))
    assert not kept.duplicate
    assert (len(heard), len(mistakes)) == (1, 1)
    await store.close()


async def committed_but_failed(path: Path) -> SqliteStore:
    """A store whose COMMIT of event `a` is in the file though it was answered with a failure."""
    cheat = False

    def fault(point: str) -> None:
        nonlocal cheat
        if cheat and point == "before_commit":
            cheat = False
            assert isinstance(store._writer, ThreadWriter)
            connection = store._writer._committer._link._connection
            assert connection is not None
            connection.execute("COMMIT")  # the writer's own COMMIT fails now

    store = await sqlite.open(path, fault=fault)
    await store.accept(admission(event("before")))
    cheat = True
    with pytest.raises(StoreUnavailable):
        await store.accept(
            admission(event("a", delivery(state=S.LEASED), delivery("held", state=S.HELD)))
        )
    assert not cheat
    return store


async def test_a_failed_commit_that_is_there_after_all_is_read_and_its_leases_are_freed(
    tmp_path: Path,
) -> None:
    heard: list[Committed] = []
    store = await committed_but_failed(tmp_path / "gateway.db")
    store.listen(heard.append)
    (again,) = await store.accept(admission(event("a", delivery(state=S.LEASED))))
    assert again.duplicate
    found = await store.event(again.id)
    assert found is not None
    assert found.deliveries == {"pending": 1, "held": 1}
    # The dispatcher hears of what waits, the gauges of all that is there.
    assert [due.target for due in heard[0].due] == ["deployer"]
    assert heard[0].counts == {("deployer", "pending"): 1, ("held", "held"): 1}
    (seq,) = await store.lease([heard[0].due[0].seq])
    await store.record([result(seq)])
    (new,) = await store.accept(admission(event("b", delivery(state=S.LEASED))))
    assert not new.duplicate  # no number was given twice
    assert len(await store.events(EventFilter(), None, 9)) == 3
    await store.close()


async def test_what_is_known_is_not_taken_for_a_stray(tmp_path: Path) -> None:
    fault = Fault()
    store = await sqlite.open(tmp_path / "gateway.db", fault=fault)
    made = delivery(state=S.LEASED)
    await store.accept(admission(event("a", made)))
    fault.error = FULL
    with pytest.raises(StoreUnavailable):
        await store.accept(admission(event("b", delivery(state=S.LEASED))))
    fault.error = None
    heard: list[Committed] = []
    store.listen(heard.append)
    await store.accept(admission(event("b")))
    assert [list(one.due) for one in heard] == [[]]
    assert await store.lease([made.seq]) == []  # it is still leased
    await store.close()


async def test_a_store_that_the_disk_does_not_let_open_opens_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "gateway.db"
    store = await sqlite.open(path)
    made = delivery(state=S.LEASED)
    (kept,) = await store.accept(admission(event("a", made)))
    await store.close()
    connect = files.connect

    def refuse(_: Path) -> sqlite3.Connection:
        raise FULL

    monkeypatch.setattr(files, "connect", refuse)
    store = await sqlite.open(path)
    assert not store.opened
    for reading in (store.event(kept.id), store.backlog(), store.probe()):
        with pytest.raises(StoreUnavailable, match="database or disk is full"):
            await reading
    health = await store.health()
    assert (health.writable, health.disk_refused) == (False, True)
    monkeypatch.setattr(files, "connect", connect)
    await store.probe()
    assert store.opened
    assert await store.lease([made.seq]) == [made.seq]  # the lease of before was freed
    (new,) = await store.accept(admission(event("b")))
    assert new.id != kept.id
    await store.close()


async def test_a_migration_on_a_full_disk_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate = connection.migrate

    def refuse(*_: object) -> int:
        raise StoreUnavailable("cannot bring it to schema 1") from FULL

    monkeypatch.setattr(connection, "migrate", refuse)
    store = await sqlite.open(tmp_path / "gateway.db")
    with pytest.raises(StoreUnavailable):
        await store.accept(admission(event("a")))
    monkeypatch.setattr(connection, "migrate", migrate)
    (kept,) = await store.accept(admission(event("a")))
    assert not kept.duplicate
    await store.close()


async def test_the_lock_holds_where_no_pid_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    path = tmp_path / "gateway.db"
    store = await sqlite.open(path)
    with pytest.raises(StoreLocked):
        await sqlite.open(path)
    await store.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_folder_that_cannot_be_written_is_said_at_once(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    await (await sqlite.open(path)).close()
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StoreUnavailable, match="cannot be written"):
            await sqlite.open(path)
    finally:
        tmp_path.chmod(0o700)


async def test_pages_that_pruning_freed_count_as_room(tmp_path: Path) -> None:
    path = tmp_path / "gateway.db"
    store = await sqlite.open(path)
    for number in range(20):
        await store.accept(admission(event(str(number)), body=os.urandom(100_000)))
    before = await store.health()
    assert before.reusable_bytes == 0
    while await store.prune(1e12, 0.0, 256):
        pass
    after = await store.health()
    assert after.reusable_bytes > 1_900_000
    reader = await sqlite.open_readonly(path)
    assert (await reader.health()).reusable_bytes == after.reusable_bytes
    await reader.close()
    await store.close()


async def test_a_reading_connection_that_the_disk_failed_is_made_anew(tmp_path: Path) -> None:
    store = await sqlite.open(tmp_path / "gateway.db")
    (kept,) = await store.accept(admission(event("a")))
    used = set()
    for _ in range(5):
        with pytest.raises(StoreUnavailable, match="cannot read the store"):
            async with store._reading() as db:
                used.add(db)
                raise SYNC
        assert await store.event(kept.id) is not None
    assert len(used) == 5
    await store.close()
