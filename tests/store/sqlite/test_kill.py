"""kill -9 under load: whatever was acknowledged is there after a restart, once."""

import asyncio
import os
import signal
import sqlite3
import sys
from pathlib import Path

from gateway.model.states import DeliveryState
from gateway.store import sqlite
from gateway.store.protocol import DeliveryFilter, EventFilter
from tests.store.make import admission, event

ROOT = Path(__file__).parents[3]
KILLS = 5
ACKNOWLEDGED = 150
"""Answers after which a child is killed, more by each run."""


async def run_and_kill(database: Path, run: int) -> dict[str, str]:
    """The answers that a child gave before it was killed."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.store.sqlite.under_load",
        str(database),
        str(run),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    lines = [await child.stdout.readline() for _ in range(ACKNOWLEDGED + 37 * run)]
    child.send_signal(signal.SIGKILL)
    lines += (await child.stdout.read()).splitlines(keepends=True)
    await child.wait()
    whole = (line.decode().split() for line in lines if line.endswith(b"\n"))
    return {words[0]: words[1] for words in whole}


async def test_every_acknowledged_event_survives_five_kills_and_is_one_event(
    tmp_path: Path,
) -> None:
    database = tmp_path / "gateway.db"
    acknowledged: dict[str, str] = {}
    for run in range(KILLS):
        acknowledged |= await run_and_kill(database, run)
        store = await sqlite.open(database)
        found = await store.events(EventFilter(), None, 1_000_000)
        kept = {e.event.dedup_key: str(e.event.id) for e in found}
        assert len(kept) == len(found)
        assert acknowledged.items() <= kept.items()
        leased = await store.deliveries(DeliveryFilter(state=DeliveryState.LEASED), None, 10)
        assert leased == []
        for e in found[:20]:
            receipt = await store.receipt(e.event.receipt)
            assert receipt is not None
            assert receipt.body == e.event.dedup_key.encode() * 100
        key = next(reversed(acknowledged))
        (again,) = await store.accept(admission(event(key)))
        assert (again.duplicate, again.id) == (True, acknowledged[key])
        await store.close()
    assert len(acknowledged) >= KILLS * ACKNOWLEDGED
    with sqlite3.connect(database) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    db.close()
