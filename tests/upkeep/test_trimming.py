"""What a burst has freed does not stay with the process."""

import asyncio
import ctypes
import itertools
import os
import subprocess
import sys
import threading

import pytest

from gateway.upkeep import trimming

_BURST = """
import os
from pathlib import Path
from gateway.upkeep.trimming import trim

def resident():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20

bodies = [bytes(20_000) for _ in range(4000)]
last = bytes(20_000)  # at the end of the heap: what is before it is not given back by itself
del bodies
kept = resident()
trim()
print(kept - resident())
"""


_GLIBC = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "malloc_trim") or not os.path.exists("/proc/self/statm"),  # noqa: PTH110
    reason="needs glibc on Linux",
)


_LARGE = """
import os
from pathlib import Path
from gateway.upkeep.trimming import keep_large_apart

def resident():
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20

keep_large_apart()
before = resident()
pins = []
for _ in range(2):
    bodies = []
    for _ in range(10):
        bodies.append(os.urandom(6_000_000))
        pins.append(bytes(100_000))  # lies behind it, and stays
    del bodies
print(resident() - before)
"""


@_GLIBC
def test_large_bodies_go_back_to_the_system_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", _LARGE], check=True, capture_output=True)
    assert float(done.stdout) < 10


@_GLIBC
def test_what_a_burst_has_freed_goes_back_to_the_system() -> None:
    done = subprocess.run([sys.executable, "-c", _BURST], check=True, capture_output=True)
    assert float(done.stdout) > 60


async def test_it_is_given_back_again_and_again_and_not_on_the_loop() -> None:
    threads: set[int] = set()
    turns, often = itertools.count(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def give() -> None:
        threads.add(threading.get_ident())
        if next(turns) == 4:
            loop.call_soon_threadsafe(often.set)

    task = asyncio.create_task(trimming.watch(give, every=0.0))
    await asyncio.wait_for(often.wait(), 10)
    task.cancel()
    assert threading.get_ident() not in threads


def test_where_nothing_can_be_given_back_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_: None) -> object:
        raise OSError

    monkeypatch.setattr(ctypes, "CDLL", none)
    trimming.trim()
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())
    trimming.trim()
