"""All threads on one CPU, for as long as it is wanted, and none of it where it cannot be."""

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.app import one_cpu

SOON = (0.0, 0.0)
ALL = os.sched_getaffinity(0)

several = pytest.mark.skipif(len(ALL) < 2, reason="needs two CPUs")


def _policies() -> set[int]:
    """How the kernel schedules the threads of this process."""
    threads = Path("/proc/self/task").iterdir()
    return {os.sched_getscheduler(int(one.name)) for one in threads}


def _cpus() -> list[set[int]]:
    """Where each thread of this process may run."""
    return [os.sched_getaffinity(int(one.name)) for one in Path("/proc/self/task").iterdir()]


@pytest.fixture
def others() -> Iterator[None]:
    """Two more threads."""
    done = threading.Event()
    threads = [threading.Thread(target=done.wait) for _ in range(2)]
    for thread in threads:
        thread.start()
    yield
    done.set()
    for thread in threads:
        thread.join()


@several
@pytest.mark.usefixtures("others")
async def test_all_threads_share_one_cpu_until_it_ends() -> None:
    task = asyncio.create_task(one_cpu.stay(lambda: True, every=(60.0, 60.0)))
    await asyncio.sleep(0)
    found = _cpus()
    assert len(found) >= 3
    assert len(found[0]) == 1
    assert all(one == found[0] for one in found)
    assert _policies() == {os.SCHED_BATCH}
    task.cancel()
    await asyncio.wait([task])
    assert all(one == ALL for one in _cpus())
    assert _policies() == {os.SCHED_OTHER}


@several
@pytest.mark.usefixtures("others")
async def test_a_reload_frees_them_and_takes_them_together_again() -> None:
    wanted = [True]
    task = asyncio.create_task(one_cpu.stay(lambda: wanted[0], every=SOON))
    async with asyncio.timeout(20):
        for now in (True, False, True):
            wanted[0] = now
            while not all(len(one) == (1 if now else len(ALL)) for one in _cpus()):
                await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])


@several
async def test_it_leaves_the_machine_alone_where_it_may_not_choose(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_pid: int, _cpus: object) -> None:
        raise PermissionError(1, "not allowed")

    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    await asyncio.wait_for(one_cpu.stay(lambda: True, every=SOON), 20)


async def test_where_there_is_one_cpu_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0})
    monkeypatch.setattr(os, "sched_setaffinity", None)
    await asyncio.wait_for(one_cpu.stay(lambda: True, every=SOON), 20)


async def test_other_systems_have_no_such_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    await asyncio.wait_for(one_cpu.stay(lambda: True, every=SOON), 20)
