"""All threads of the process on one CPU.

Python runs one of its threads at a time, whatever the machine has. On two CPUs the event loop and the
store's writer take out of each other's caches what each has just made, and wake the other CPU each
time the lock changes hands: a quarter of the CPU of an event (docs/performance.md). Which CPU it is
says the kernel, now and then anew: a gateway does not stay where others are busy.

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
_THREADS: Final = Path("/proc/self/task")
_CPU: Final = 36
"""Where `stat` has the CPU that a thread ran on last, counted from behind its name (proc(5))."""


async def stay(wanted: Callable[[], bool], *, every: tuple[float, float] = _EVERY) -> None:
    """Keeps the threads together until it is cancelled. The event loop's thread calls it.

    wanted: asked each time. every: seconds, from and to. Does nothing where there is only one CPU to
    choose, or where the system has no such choice.
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
                _move({_cpu()}, os.SCHED_BATCH)
            elif before:
                _move(allowed, os.SCHED_OTHER)
            await asyncio.sleep(random.uniform(*every))  # noqa: S311  # no secret
            if together:
                os.sched_setaffinity(0, allowed)
                await asyncio.sleep(_FREE)
    except OSError:
        return  # not allowed to, or the machine has lost CPUs: the kernel sees to it
    finally:
        with contextlib.suppress(OSError):
            _move(allowed, os.SCHED_OTHER)


def _cpu() -> int:
    """Where the event loop's thread ran last."""
    stat = (_THREADS / str(threading.get_native_id()) / "stat").read_bytes()
    return int(stat.rpartition(b")")[2].split()[_CPU])


def _move(cpus: set[int], policy: int) -> None:
    """All threads; what they start goes where they are."""
    os.sched_setaffinity(0, cpus)
    for thread in _THREADS.iterdir():
        with contextlib.suppress(OSError):  # it has just ended
            os.sched_setaffinity(int(thread.name), cpus)
            if os.sched_getscheduler(int(thread.name)) in _OURS:  # else somebody chose another
                os.sched_setscheduler(int(thread.name), policy, os.sched_param(0))
