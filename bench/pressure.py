"""`python -m bench backlog`, `duplicates` and `bodies`: accepting when things are not as usual."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import stored
from bench.pairs import Sample
from bench.processes import KILL, free_port, gateway, load, push, running, silent
from bench.rounds import compared, rounds
from bench.stores import ROUTE, copy

WARM = 500
BODIES = {
    "1 KB": (1_000, 2000),
    "8 KB": (8_000, 2000),
    "100 KB": (100_000, 500),
    "1 MB": (1_000_000, 100),
}
"""Size, and requests a run."""


def backlog(pairs: int, count: int, waiting: int) -> list[tuple[str, str]]:
    """The rows: routed to a target that hangs, with `waiting` deliveries waiting and with none."""

    def run(folder: Path, port: int) -> Sample:
        with gateway(folder, ROUTE.format(port=port, format="cloudevent"), end=KILL) as (
            public,
            pid,
        ):
            load(public, WARM, pid)
            return load(public, count, pid)

    def none() -> Sample:
        with tempfile.TemporaryDirectory(prefix="bench-") as name, silent() as port:
            return run(Path(name), port)

    def many() -> Sample:
        with copy(waiting, routed=True) as folder, silent() as port:
            found = run(folder, port)
            left = stored.count(folder, "deliveries WHERE state IN ('pending', 'leased')")
            if left != waiting + WARM + count:
                raise RuntimeError(f"{left} deliveries wait, not all")
            return found

    return compared(rounds(pairs, {"no backlog": none, f"{waiting:,} waiting": many}), "no backlog")


def duplicates(pairs: int, count: int) -> list[tuple[str, str]]:
    """The rows: one delivery again and again, beside as many that are new."""

    def run(*, same: bool) -> Callable[[], Sample]:
        def measured() -> Sample:
            with tempfile.TemporaryDirectory(prefix="bench-") as name:
                with gateway(Path(name)) as (port, pid):
                    load(port, WARM, pid)
                    found = load(port, count, pid, same=same)
                kept = stored.count(Path(name), "events")
                if kept != WARM + (1 if same else count):
                    raise RuntimeError(f"{kept} events are stored")
                return found

        return measured

    variants = {"new events": run(same=False), "one event, repeated": run(same=True)}
    return compared(rounds(pairs, variants), "new events")


def bodies(pairs: int) -> list[tuple[str, str]]:
    """The rows: gateway and bare application for bodies of each size."""
    rows: list[tuple[str, str]] = []
    for name, (size, count) in BODIES.items():
        found = rounds(
            pairs,
            {f"{name}: bare aiohttp": _bare(size, count), f"{name}: gateway": _ours(size, count)},
        )
        rows += compared(found, f"{name}: bare aiohttp")
    return rows


def _ours(size: int, count: int) -> Callable[[], Sample]:
    def run() -> Sample:
        with (
            tempfile.TemporaryDirectory(prefix="bench-") as name,
            gateway(Path(name)) as (port, pid),
        ):
            push(port, max(20, count // 5), size=size)
            return load(port, count, pid, size=size)

    return run


def _bare(size: int, count: int) -> Callable[[], Sample]:
    def run() -> Sample:
        port = free_port()
        with running(["bench.baselines.accept", str(port)], port) as pid:
            push(port, max(20, count // 5), size=size)
            return load(port, count, pid, size=size)

    return run
