"""`python -m bench footprint`: start-up, idle CPU, memory; beside the bare application."""

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path

from bench.pairs import spread
from bench.processes import KILL, cpu, free_port, gateway, memory, push, running, silent
from bench.stores import ROUTE, copy

IDLE = 5.0
"""Seconds."""
Server = Callable[[], AbstractContextManager[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Footprint:
    """Seconds to the first answer, CPU ms a second when idle, MiB resident before and after load."""

    start: float
    idle: float
    before: float
    after: float


TITLES = ("start to first answer, s", "idle, CPU ms a second", "MiB resident, idle", "MiB resident")


def measure(pairs: int, count: int, waiting: int) -> list[tuple[str, str]]:
    """The rows of the table. count: requests of the load. waiting: deliveries of the backlog."""
    found: dict[str, list[Footprint]] = {}
    for _ in range(pairs):
        for name, server in (("gateway", _ours), ("bare aiohttp", _bare)):
            found.setdefault(name, []).append(_look(server, count))
        with copy(waiting, routed=True) as folder, silent() as port:
            server = partial(_waiting, folder, port)
            found.setdefault(f"gateway with {waiting:,} waiting", []).append(_look(server, 0))
    rows: list[tuple[str, str]] = []
    for name, looks in found.items():
        for title, values in zip(TITLES, zip(*map(astuple, looks), strict=True), strict=True):
            if title == TITLES[-1] and "waiting" in name:
                continue
            after = f" after {count:,} requests" if title == TITLES[-1] else ""
            rows.append((f"{name}: {title}{after}", str(spread(values))))
    return rows


def _look(server: Server, count: int) -> Footprint:
    began = time.monotonic()
    with server() as (port, pid):
        start = time.monotonic() - began
        time.sleep(1.0)
        used, at = cpu(pid), time.monotonic()
        time.sleep(IDLE)
        idle = (cpu(pid) - used) / (time.monotonic() - at) * 1e3
        before = memory(pid)
        if count:
            push(port, count)
        return Footprint(start, idle, before, memory(pid))


@contextlib.contextmanager
def _ours() -> Iterator[tuple[int, int]]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name, gateway(Path(name)) as found:
        yield found


@contextlib.contextmanager
def _bare() -> Iterator[tuple[int, int]]:
    port = free_port()
    with running(["bench.baselines.accept", str(port)], port) as pid:
        yield port, pid


def _waiting(folder: Path, target: int) -> AbstractContextManager[tuple[int, int]]:
    """With a target that hangs: 64 attempts are under way, the rest waits."""
    return gateway(folder, ROUTE.format(port=target, format="cloudevent"), end=KILL)
