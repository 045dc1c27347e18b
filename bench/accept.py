"""`python -m bench accept`: durable, signed, unique pushes on one process; and their disk bytes.

The events are routed nowhere: delivering is another measurement's business.
"""

import sqlite3
import tempfile
from pathlib import Path

from bench import stored
from bench.pairs import Sample, interleave, rows, spread
from bench.processes import free_port, gateway, load, running

WARM = 500


def measure(pairs: int, count: int) -> list[tuple[str, str]]:
    """The rows of the table. count: requests a side of a pair, after a warm-up."""
    disk: list[float] = []

    def ours() -> Sample:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            folder = Path(name)
            with gateway(folder) as (port, pid):
                load(port, WARM, pid)
                found = load(port, count, pid)
            disk.append(_bytes_an_event(folder, WARM + count))
            return found

    def bare() -> Sample:
        port = free_port()
        with running(["bench.baselines.accept", str(port)], port) as pid:
            load(port, WARM, pid)
            return load(port, count, pid)

    found = interleave(pairs, ours, bare)
    return [*rows(found, "gateway", "bare aiohttp"), ("disk bytes an event", str(spread(disk)))]


def _bytes_an_event(folder: Path, sent: int) -> float:
    """After a checkpoint, all indexes in. Raises RuntimeError if an accepted event is missing."""
    path = folder / stored.DATABASE
    if (kept := stored.count(folder, "events")) != sent:
        raise RuntimeError(f"{sent} were accepted, {kept} are stored")
    db = sqlite3.connect(path)
    try:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        db.close()
    return path.stat().st_size / sent
