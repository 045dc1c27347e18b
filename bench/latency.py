"""`python -m bench latency`: how long a sender waits for its acknowledgement, under open-loop load.

Beside the bare handler under the same load, and the disk's own fdatasync, all in the same run.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from bench.baselines.disk import sync_times
from bench.paced import Paced, percentile
from bench.pairs import spread
from bench.processes import CONNECTIONS, free_port, gateway, load, running

RATE = 1000.0
WARM = 500
TRIES = 3
"""Closed-loop runs of which the median is the capacity."""


def paced(port: int, rate: float, count: int) -> Paced:
    """One open-loop run. Raises RuntimeError if anything was refused."""
    command = [sys.executable, "-m", "bench.paced", *map(str, (port, rate, count, CONNECTIONS))]
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, timeout=3 * count / rate + 60
    )
    found = Paced(**orjson.loads(done.stdout))
    if found.refused:
        raise RuntimeError(f"not every request was accepted: {found}")
    return found


def measure(pairs: int, seconds: float) -> list[tuple[str, str]]:
    """The rows of the table. seconds: of load, a rate and side of a pair."""
    capacity = spread([_capacity() for _ in range(TRIES)]).median
    rates = {f"{RATE:,.0f}/s": RATE, f"{capacity / 2:,.0f}/s": capacity / 2}
    found: dict[tuple[str, str], list[Paced]] = {}
    disk: list[list[float]] = []
    for number in range(pairs):
        sides = [("gateway", _ours), ("bare aiohttp", _bare)]
        for name, side in reversed(sides) if number % 2 else sides:
            with side() as (port, pid):
                load(port, WARM, pid)
                for label, rate in rates.items():
                    one = paced(port, rate, max(400, int(rate * seconds)))
                    found.setdefault((label, name), []).append(one)
        disk.append(sync_times())
    rows = [("capacity (closed loop), a second", f"{capacity:,.0f}")]
    for label, rate in rates.items():
        what = label if rate == RATE else f"half of it, {label}"
        for name in ("gateway", "bare aiohttp"):
            runs = found[label, name]
            for title, values in (
                ("p50", [one.p50 for one in runs]),
                ("p99", [one.p99 for one in runs]),
                ("p99.9", [one.p999 for one in runs]),
            ):
                rows.append((f"{what}: {name}, {title} ms", str(spread(values))))
    rows += [
        ("one fdatasync of 8 KB, p50 ms", str(spread([percentile(one, 0.5) for one in disk]))),
        ("one fdatasync of 8 KB, p99 ms", str(spread([percentile(one, 0.99) for one in disk]))),
        ("the load behind its schedule, p99 ms", str(spread([o.late for r in found.values() for o in r]))),
    ]  # fmt: skip
    return rows


def _capacity() -> float:
    with _ours() as (port, pid):
        load(port, WARM, pid)
        return load(port, 3000, pid).rate


@contextmanager
def _ours() -> Iterator[tuple[int, int]]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name, gateway(Path(name)) as found:
        yield found


@contextmanager
def _bare() -> Iterator[tuple[int, int]]:
    port = free_port()
    with running(["bench.baselines.accept", str(port)], port) as pid:
        yield port, pid
