"""A disk without a byte left: what the ballast's bytes are enough for, and what needs none at all."""

import os
from pathlib import Path

import pytest

from gateway.errors import StoreUnavailable
from gateway.store import sqlite
from gateway.store.sqlite.store import SqliteStore
from gateway.upkeep.ballast import Ballast
from gateway.upkeep.retention import LEAST
from tests.app.small_disk import small_disk
from tests.store.make import LATE, NOW, admission, event

pytestmark = pytest.mark.slow


async def accept_until_full(store: SqliteStore, at: float, size: int) -> int:
    for number in range(10_000):
        try:
            await store.accept(admission(event(f"{at}-{number}"), at=at, body=os.urandom(size)))
        except StoreUnavailable:
            return number
    raise AssertionError("the disk never was full")


async def test_with_the_ballast_pruning_runs_and_what_it_freed_needs_no_other_room(
    tmp_path: Path,
) -> None:
    async with small_disk(tmp_path / "small", "size=32M") as disk:
        store = await sqlite.open(disk.folder / "gateway.db")
        ballast = Ballast(store.database)
        ballast.take(6 * 2**20)
        for number in range(40):
            await store.accept(admission(event(str(number)), body=os.urandom(100_000)))
        disk.fill()
        kept = await accept_until_full(store, NOW, 20_000)
        health = await store.health()
        assert (health.disk_refused, disk.free) == (True, 0)
        ballast.give()
        gone = 0
        while pruned := await store.prune(LATE, 0.0, LEAST):
            gone += pruned
        assert (await store.health()).reusable_bytes > 3_000_000
        disk.fill()
        again = await accept_until_full(store, LATE, 20_000)
        print(f"\n{40 + kept} events filled a disk; {gone} rows pruned; {again} more went in")
        assert again > 40
        await store.close()
