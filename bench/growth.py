"""`python -m bench growth` and `retention`: accepting beside many stored events.

The databases are built once (`bench/stores.py`) and copied for each measurement; what the rounds
add to a copy stays below one hundredth of it.
"""

import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.pairs import Sample
from bench.processes import ROUTES, gateway, load
from bench.rounds import compared, rounds
from bench.stored import count as rows_of
from bench.stores import copy

WARM = 500
DAY = 86_400.0
EMPTY = "empty store"
SHORT = ROUTES.replace("min_free: 1MiB", "min_free: 1MiB, retention: 30d, dedup_window: 90d")


def growth(pairs: int, count: int, some: int, many: int) -> list[tuple[str, str]]:
    """The rows of the table. some, many: events stored beforehand, beside an empty store."""
    with contextlib.ExitStack() as stack:
        variants: dict[str, Callable[[], Sample]] = {EMPTY: lambda: _fresh(count)}
        for size in (some, many):
            folder = stack.enter_context(copy(size, routed=False))
            variants[f"{size:,} stored"] = _into(folder, count)
        return compared(rounds(pairs, variants), EMPTY)


def retention(pairs: int, count: int, stored: int) -> list[tuple[str, str]]:
    """The rows: accepting while old events are pruned, beside as many events that stay."""
    gone: list[int] = []

    def pruned() -> Sample:
        with copy(stored, routed=False, age=100 * DAY) as folder:
            found = _into(folder, count)()
            left = rows_of(folder, "events")
            gone.append(stored + WARM + count - left)
            if not WARM + count < left < stored + WARM + count:
                raise RuntimeError(f"retention did not run all the time: {left} events are left")
            return found

    def kept() -> Sample:
        with copy(stored, routed=False) as folder:
            return _into(folder, count)()

    found = rounds(pairs, {"nothing to prune": kept, "pruning beside it": pruned})
    print(f"  pruned meanwhile: {min(gone):,} to {max(gone):,} events", file=sys.stderr)
    return compared(found, "nothing to prune")


def _fresh(count: int) -> Sample:
    with _empty() as folder:
        return _into(folder, count)()


@contextlib.contextmanager
def _empty() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        yield Path(name)


def _into(folder: Path, count: int) -> Callable[[], Sample]:
    def run() -> Sample:
        with gateway(folder, base=SHORT) as (port, pid):
            load(port, WARM, pid)
            return load(port, count, pid)

    return run
