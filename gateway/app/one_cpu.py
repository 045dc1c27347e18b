"""All threads of the process on one CPU, and the process that writes for it on the others.

Python runs one of its threads at a time, whatever the machine has. On two CPUs the event loop and the
store's writer take out of each other's caches what each has just made, and wake the other CPU each
time the lock changes hands: a quarter of the CPU of an event (docs/performance.md). Which CPU it is
says the kernel, now and then anew: a gateway does not stay where others are busy.

The process that writes (`store.sqlite.process_writer`) has its work when this one has sent its own;
where the kernel puts it on the same CPU, each waits for the other. So it has all the others.

On one CPU a thread that wakes would push the other aside, only to wait for the lock that one holds.
So they run as what the kernel calls batch work: of equal weight, but each goes on until it waits.
"""

import asyncio
import contextlib
import os
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

_EVERY: Final = (3.0, 7.0)
"""Seconds on one CPU, at random: two gateways on the same one must not leave it together."""
_FREE: Final = 0.05
"""Seconds in which the event loop goes where the kernel puts it."""
_OURS: Final = {os.SCHED_OTHER, os.SCHED_BATCH} if hasattr(os, "SCHED_BATCH") else set()
_CPU: Final = 36
"""Where `stat` has the CPU that a thread ran on last, counted from behind its name (proc(5))."""


async def stay(
    wanted: Callable[[], bool],
    beside: Callable[[], int | None] = lambda: None,
    *,
    every: tuple[float, float] = _EVERY,
) -> None:
    """Keeps the threads together until it is cancelled. The event loop's thread calls it.

    wanted: asked each time. beside: the number of a process that is to have the other CPUs, asked
    each time too. every: seconds, from and to. Does nothing where there is only one CPU to choose, or
    where the system has no such choice.
    """
    try:
        allowed = os.sched_getaffinity(0)
    except (AttributeError, OSError):
        return
    if len(allowed) < 2:
        return
    together = False
    try:
        while True:
            before, together = together, wanted()
            if together:
                mine = {_cpu()}
                _move(os.getpid(), mine, os.SCHED_BATCH)
                _move(beside(), allowed - mine, os.SCHED_OTHER)
            elif before:
                _free(beside(), allowed)
            await asyncio.sleep(random.uniform(*every))  # noqa: S311  # no secret
            if together:
                os.sched_setaffinity(0, allowed)
                await asyncio.sleep(_FREE)
    except OSError:
        return  # not allowed to, or the machine has lost CPUs: the kernel sees to it
    finally:
        with contextlib.suppress(OSError):
            _free(beside(), allowed)


def _cpu() -> int:
    """Where the event loop's thread ran last."""
    stat = Path(f"/proc/self/task/{threading.get_native_id()}/stat").read_bytes()
    return int(stat.rpartition(b")")[2].split()[_CPU])


def _free(beside: int | None, allowed: set[int]) -> None:
    _move(os.getpid(), allowed, os.SCHED_OTHER)
    _move(beside, allowed, os.SCHED_OTHER)


def _move(process: int | None, cpus: set[int], policy: int) -> None:
    """All threads of a process; what they start goes where they are."""
    if process is None:
        return
    with contextlib.suppress(FileNotFoundError):  # it has just ended
        for thread in Path(f"/proc/{process}/task").iterdir():
            with contextlib.suppress(ProcessLookupError):  # likewise
                _move_thread(int(thread.name), cpus, policy)


def _move_thread(thread: int, cpus: set[int], policy: int) -> None:
    os.sched_setaffinity(thread, cpus)
    if os.sched_getscheduler(thread) in _OURS:  # else somebody chose another
        os.sched_setscheduler(thread, policy, os.sched_param(0))
