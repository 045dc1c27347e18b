"""The process that writes, killed, stopped and left alone: what was promised stays promised."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvloop

from gateway.app.writer import COMMAND
from gateway.errors import StoreLocked, StoreUnavailable
from gateway.model.records import Committed
from gateway.model.states import DeliveryState
from gateway.store import sqlite
from gateway.store.protocol import DeliveryFilter, EventFilter
from gateway.store.sqlite import files, process_writer, wire
from gateway.store.sqlite.store import SqliteStore
from tests.store.conftest import Served
from tests.store.make import NOW, admission, attempt, delivery, event, result

S = DeliveryState


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for the rest between two starts."""
    monkeypatch.setattr(process_writer, "_REST", 0.0)


@asynccontextmanager
async def opened(database: Path) -> AsyncIterator[SqliteStore]:
    asyncio.get_running_loop().set_exception_handler(lambda _, context: None)
    store = await sqlite.open(database, process=COMMAND)
    try:
        yield store
    finally:
        await store.close()


def kill(store: SqliteStore, number: signal.Signals = signal.SIGKILL) -> None:
    assert store.writer_process is not None
    os.kill(store.writer_process, number)


async def gone(store: SqliteStore, pid: int | None) -> None:
    async with asyncio.timeout(20):
        while store.writer_process == pid:
            await asyncio.sleep(0.001)


async def test_the_gateway_outlives_it_and_starts_another(tmp_path: Path) -> None:
    async with opened(tmp_path / "gateway.db") as store:
        mine = delivery(state=S.LEASED)
        (first,) = await store.accept(admission(event("a", mine)))
        heard: list[Committed] = []
        store.listen(heard.append)
        before = store.writer_process
        kill(store)
        await gone(store, before)
        assert not store.writable
        (again,) = await store.accept(admission(event("a")))
        (new,) = await store.accept(admission(event("b")))
        assert (again.duplicate, again.id, new.duplicate) == (True, first.id, False)
        assert [commit.after_failure for commit in heard] == [True, False]
        assert store.writer_process not in {before, None}
        assert store.writable
        # The gateway is still attempting what it has leased: nobody frees that.
        ((leased, _),) = await store.deliveries(DeliveryFilter(), None, 9)
        assert leased.state is S.LEASED
        await store.record([result(mine.seq)])
        ((done, _),) = await store.deliveries(DeliveryFilter(), None, 9)
        assert (done.state, done.deaths) == (S.DELIVERED, 0)


async def test_who_waits_while_it_dies_is_told_and_may_come_again(tmp_path: Path) -> None:
    async with opened(tmp_path / "gateway.db") as store:
        await store.accept(admission(event("before")))
        kill(store, signal.SIGSTOP)
        waiting = [asyncio.ensure_future(store.accept(admission(event(k)))) for k in "abc"]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        kill(store)
        for one in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(one, StoreUnavailable)
            assert "signal 9" in str(one)
            assert "is not known" in str(one)
        assert (await store.health()).problem
        for key in "abc":
            (answer,) = await store.accept(admission(event(key)))
            assert not answer.duplicate
        assert not (await store.health()).problem


async def test_it_is_not_ended_by_signals_that_are_meant_for_the_gateway(tmp_path: Path) -> None:
    async with opened(tmp_path / "gateway.db") as store:
        pid = store.writer_process
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            kill(store, number)
        for key in "abc":
            await store.accept(admission(event(key)))
        assert store.writer_process == pid


async def test_closing_commits_what_waits_and_ends_it(tmp_path: Path) -> None:
    database = tmp_path / "gateway.db"
    store = await sqlite.open(database, process=COMMAND)
    pid = store.writer_process
    waiting = [asyncio.ensure_future(store.accept(admission(event(str(n))))) for n in range(50)]
    await asyncio.sleep(0)
    await store.close()
    assert all(not one.result()[0].duplicate for one in waiting)
    assert not files.lives(pid)
    assert not database.with_name("gateway.db-wal").exists()
    with pytest.raises(StoreUnavailable, match="the store is closed"):
        await store.accept(admission(event("late")))
    reader = await sqlite.open_readonly(database)
    assert len(await reader.events(EventFilter(), None, 99)) == 50
    await reader.close()


async def test_more_than_may_be_under_way_waits_and_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_writer, "WINDOW", 1)
    async with opened(tmp_path / "gateway.db") as store:
        bodies = [bytes([n]) * (n * 50_000) for n in range(1, 41)]
        made = [admission(event(f"key {n}"), body=body) for n, body in enumerate(bodies)]
        sent: list[int] = []
        encode = wire.encode
        monkeypatch.setattr(wire, "encode", lambda b: sent.append(len(b.admissions)) or encode(b))
        answers = await asyncio.gather(*(store.accept(one) for one in made))
        assert sent == [1] * 40, "a frame holds no more than the window and its last job"
        assert not any(answer[0].duplicate for answer in answers)
        for number, body in enumerate(bodies):
            (found,) = await store.events(EventFilter(text=f"key {number}"), None, 1)
            receipt = await store.receipt(found.event.receipt)
            assert receipt is not None
            assert receipt.body == body


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_frame_of_more_pieces_than_the_kernel_takes_at_once_is_stored(
    tmp_path: Path, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    async def check() -> None:
        async with opened(tmp_path / "gateway.db") as store:
            bodies = [b"%d" % n * (20_000 if n % 100 == 0 else 1) for n in range(1, 2500)]
            made = [admission(event(f"key {n}"), body=body) for n, body in enumerate(bodies)]
            await asyncio.gather(*(store.accept(one) for one in made))
            for number in (0, 1023, 1024, 1999, 2498):
                (found,) = await store.events(EventFilter(text=f"key {number}"), None, 1)
                receipt = await store.receipt(found.event.receipt)
                assert receipt is not None
                assert receipt.body == bodies[number]

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(check())


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("/nowhere/python",), "cannot start the process that writes"),
        ((sys.executable, "-c", "raise SystemExit(3)"), "ended with 3"),
    ],
)
async def test_a_process_that_cannot_be_started_is_said_at_the_start(
    tmp_path: Path, command: tuple[str, ...], said: str
) -> None:
    asyncio.get_running_loop().set_exception_handler(lambda _, context: None)
    database = tmp_path / "gateway.db"
    with pytest.raises(StoreUnavailable, match=said):
        await sqlite.open(database, process=command)
    await (await sqlite.open(database)).close()  # the lock is free


async def test_a_database_it_cannot_open_is_said_as_ever(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    path.write_bytes(b"no database at all" * 100)
    said: list[str] = []
    for process in ((), COMMAND):
        with pytest.raises(StoreUnavailable) as found:
            await sqlite.open(path, process=process)
        said.append(str(found.value))
    assert said[0] == said[1]


async def test_the_lock_is_not_free_before_it_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway that was killed has left a process with a last commit to make."""
    database = tmp_path / "gateway.db"
    script = """
import asyncio, sys
from pathlib import Path
from gateway.app.writer import COMMAND
from gateway.store import sqlite
from tests.store.make import admission, event
async def main():
    store = await sqlite.open(Path(sys.argv[1]), process=COMMAND)
    await store.accept(admission(event("a")))
    print(store.writer_process, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    gateway = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(database), stdout=asyncio.subprocess.PIPE
    )
    assert gateway.stdout is not None
    writer = int(await gateway.stdout.readline())
    os.kill(writer, signal.SIGSTOP)
    gateway.kill()
    await gateway.wait()
    with monkeypatch.context() as impatient:
        impatient.setattr(sqlite.store, "_ORPHAN", 0.0)
        with pytest.raises(StoreLocked, match=f"by process {gateway.pid}, which is gone, but not"):
            await sqlite.open(database)
    opening = asyncio.ensure_future(sqlite.open(database))
    await asyncio.wait([opening], timeout=0.1)
    assert not opening.done()
    os.kill(writer, signal.SIGCONT)
    store = await opening
    (again,) = await store.accept(admission(event("a")))
    assert again.duplicate
    await store.close()


def served(fault: Callable[[str], None]) -> type[Served]:
    return type("Faulty", (Served,), {"clock": lambda _: NOW, "fault": staticmethod(fault)})


class _Ends(BaseException):
    """The process is gone."""


def ends_at(points: list[str]) -> Callable[[str], None]:
    """A fault: the process ends at the first of the points, the next one at the second …"""

    def fault(point: str) -> None:
        if points and point == points[0]:
            points.pop(0)
            raise _Ends

    return fault


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("more", [(), ("before_begin",)], ids=["one", "the next too"])
async def test_a_commit_it_did_not_live_to_tell_of_is_taken_in(
    tmp_path: Path, more: tuple[str, ...]
) -> None:
    points: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: None)
    database = files.prepare(tmp_path / "gateway.db")
    lock = files.Lock(database)
    store = SqliteStore(database, await served(ends_at(points)).started(database, lock, ()), lock)
    heard: list[Committed] = []
    store.listen(heard.append)
    await store.accept(admission(event("before")))
    points += ["after_commit", *more]
    for _ in points[:]:
        with pytest.raises(StoreUnavailable):
            await store.accept(admission(event("a", delivery(state=S.LEASED))))
    heard.clear()
    (again,) = await store.accept(admission(event("a", delivery(state=S.LEASED))))
    assert again.duplicate, "it is in the file"
    ((found, _),) = await store.deliveries(DeliveryFilter(), None, 9)
    assert found.state is S.PENDING, "nobody has its lease"
    assert [due.seq for commit in heard for due in commit.due] == [found.seq]
    await store.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_result_it_did_not_live_to_tell_of_is_kept_and_counted_once(tmp_path: Path) -> None:
    points: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: None)
    database = files.prepare(tmp_path / "gateway.db")
    lock = files.Lock(database)
    store = SqliteStore(database, await served(ends_at(points)).started(database, lock, ()), lock)
    counts: Counter[tuple[str, str]] = Counter()
    store.listen(lambda commit: counts.update(commit.counts))
    mine = delivery(state=S.LEASED)
    await store.accept(admission(event("a", mine)))
    done = [result(mine.seq, tried=attempt())]
    points.append("after_commit")
    with pytest.raises(StoreUnavailable):
        await store.record(done)
    await store.record(done)
    assert len(await store.attempts(mine.seq)) == 1
    assert +counts == {(mine.target, S.DELIVERED): 1}
    await store.close()


async def test_what_cannot_be_sent_fails_and_holds_up_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path / "gateway.db") as store:
        with pytest.raises(StoreUnavailable, match="cannot be told"):
            await store.accept(admission(event("a"), source=lambda: None))
        await store.accept(admission(event("b")))
        assert store.writable
