"""`python -m bench soak`: end to end at 70 % of what was measured first, for as long as is asked.

Retention is short, so that pruning runs all the time and the database reaches its size early. The
last third of the time is compared with the second; the first is for warming up.
"""

import contextlib
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from bench import stored
from bench.paced import Paced
from bench.processes import (
    CONNECTIONS,
    ROUTES,
    descriptors,
    free_port,
    memory,
    push,
    received,
    running,
    sink,
)  # fmt: skip
from bench.report import Rows
from bench.stores import ROUTE

WARM, CAPACITY = 500, 3000
"""Requests before the clock, and of each run that finds the capacity."""
EVERY = 5.0
KEEP = ROUTES.replace("min_free: 1MiB", "min_free: 1MiB, retention: {keep}m, dedup_window: {keep}m")
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Look:
    """The process and its files at one moment; units are in `TITLES`."""

    memory: float
    descriptors: float
    wal: float
    database: float
    log: float
    waiting: float


TITLES = (
    "memory, MiB", "descriptors", "write-ahead log, MiB", "database, MiB",
    "log lines, bytes an event", "deliveries waiting",
)  # fmt: skip
MOST = {"memory": 3.0, "descriptors": 3.0}
"""Per cent by which the last third's median may be over the second's. The write-ahead log has a
bound of its own."""
WAL_MOST = 64.0
BOUNDS = "bounds"
"""The row that says whether all were kept."""
KEPT = "kept"


def measure(minutes: int, share: int, keep: int) -> Rows:
    """The rows of the table. share: per cent of the capacity. keep: minutes of retention."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, sink() as (receiver, _):
        folder = Path(name)
        with _logged(folder, receiver, keep) as (port, pid):
            push(port, WARM)
            capacity = statistics.median(_capacity(port, folder) for _ in range(3))
            rate = capacity * share / 100
            count = int(rate * minutes * 60)
            looks, found = _load(port, rate, count, lambda: _look(folder, pid, receiver))
            stored.wait_recorded(folder)
            sent = WARM + 3 * CAPACITY + count
            stuck = stored.count(folder, "deliveries WHERE state != 'delivered'")
            delivered = received(receiver)
    rows = [
        ("capacity end to end, events a second", f"{capacity:,.0f}"),
        ("load, events a second", f"{rate:,.0f}"),
        ("accepted", f"{sent:,}"),
        ("delivered", f"{delivered:,}"),
        ("not delivered in the store", f"{stuck}"),
        ("acknowledged, p50 / p99 / p99.9 ms", f"{found.p50:.1f} / {found.p99:.0f} / {found.p999:.0f}"),
        *_thirds(looks),
        (BOUNDS, _verdict(looks)),
    ]  # fmt: skip
    if delivered != sent or stuck:
        raise RuntimeError(f"not everything was delivered: {rows}")
    return rows


def _thirds(looks: Sequence[Look]) -> Iterator[tuple[str, str]]:
    """Medians and maxima of each third, and by how much the last's median differs from the second's."""
    third = len(looks) // 3
    parts = [looks[:third], looks[third : 2 * third], looks[2 * third :]]
    for number, title in enumerate(TITLES):
        values = [[getattr(look, Look.__slots__[number]) for look in part] for part in parts]
        medians = [statistics.median(part) for part in values]
        text = " / ".join(
            f"{median:,.1f} (≤ {max(part):,.1f})"
            for median, part in zip(medians, values, strict=True)
        )
        change = f", {100 * (medians[2] / medians[1] - 1):+.1f} %" if medians[1] else ""
        yield f"{title}: first / second / last third", text + change


def _verdict(looks: Sequence[Look]) -> str:
    third = len(looks) // 3
    middle, last = looks[third : 2 * third], looks[2 * third :]
    broken = []
    for name, most in MOST.items():
        before, after = (
            statistics.median(getattr(look, name) for look in part) for part in (middle, last)
        )
        if after > before * (1 + most / 100):
            broken.append(f"{name} grew from {before:.1f} to {after:.1f}")
    if max(look.wal for look in looks) > WAL_MOST:
        broken.append(f"the write-ahead log passed {WAL_MOST:.0f} MiB")
    return ", ".join(broken) or KEPT


def _capacity(port: int, folder: Path) -> float:
    loaded = push(port, CAPACITY)
    return CAPACITY / (stored.wait_recorded(folder) - loaded.started)


def _load(port: int, rate: float, count: int, look: Callable[[], Look]) -> tuple[list[Look], Paced]:
    command = [sys.executable, "-m", "bench.paced", *map(str, (port, rate, count, CONNECTIONS))]
    looks = []
    with subprocess.Popen(command, stdout=subprocess.PIPE) as load:
        while load.poll() is None:
            looks.append(look())
            with contextlib.suppress(subprocess.TimeoutExpired):
                load.wait(EVERY)
        assert load.stdout is not None
        found = Paced(**orjson.loads(load.stdout.read()))
    if found.refused:
        raise RuntimeError(f"not every request was accepted: {found}")
    return looks, found


def _look(folder: Path, pid: int, receiver: int) -> Look:
    def size(name: str) -> float:
        path = folder / name
        return path.stat().st_size / MIB if path.exists() else 0.0

    return Look(
        memory(pid),
        descriptors(pid),
        size(stored.DATABASE + "-wal"),
        size(stored.DATABASE),
        size("log") * MIB / received(receiver),
        stored.waiting(folder),
    )


@contextlib.contextmanager
def _logged(folder: Path, receiver: int, keep: int) -> Iterator[tuple[int, int]]:
    """A gateway that writes its log, at its default level, into a file."""
    port = free_port()
    text = KEEP.format(port=port, admin=free_port(), keep=keep)
    (folder / "routes.yaml").write_text(text + ROUTE.format(port=receiver, format="cloudevent"))
    with (folder / "log").open("wb") as log:
        command = ["gateway", "serve", "-c", str(folder / "routes.yaml")]
        with running(command, port, stderr=log) as pid:
            yield port, pid
