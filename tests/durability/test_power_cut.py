"""Power cuts, rebuilt: whatever left the gateway before the cut is in the store after it.

A gateway under load has three lives on one database, recorded by `disk.c`: one is killed, one ends
with a checkpoint and without a log, one prunes beside the load what the others left. Then the disk is rebuilt as it may have been
at random moments, and opened by the real store. `make durability`; needs a C compiler.
"""

import asyncio
import os
import random
import signal
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from gateway.model.ids import EventId
from tests.app.process import process
from tests.app.running import receiving, running
from tests.durability.disk import LOST, Cut, Disk
from tests.durability.entry import CHECKPOINT, SYNCHRONOUS
from tests.durability.powercut import problems, put
from tests.durability.serving import Serving, body_of
from tests.durability.shim import Op, before, build, read

pytestmark = pytest.mark.slow

POINTS = int(os.environ.get("DURABILITY_POINTS", "15"))
"""Moments of the cut; `make durability` takes 200. Each is rebuilt twice: lost, and torn."""
PUSHES = 350
"""In each of the three lives."""
WHOLE = 20
"""At every such point a whole gateway is started on what is left, and sent second copies."""


@dataclass
class Recorded:
    """Three lives of one gateway."""

    database: Path
    logs: Sequence[Path]
    keys: Mapping[str, str]
    """The provider's id under each acknowledged event's."""
    told: list[tuple[int, str]] = field(default_factory=list)
    """Where in the log each id left the process for the first time."""
    length: int = 0
    checkpoints: int = 0
    pruning: int = 0
    """Where in the log the life begins that prunes."""

    def __post_init__(self) -> None:
        seen: set[str] = set()
        answered: set[str] = set()
        main: set[tuple[int, int]] = set()
        for position, record in enumerate(read(self.logs)):
            self.length = position + 1
            here = (record.process, record.fd)
            if record.op is Op.START:
                self.pruning = position
            elif record.op is Op.TOLD:
                fresh = [id for id in record.ids if id not in seen]
                self.told += [(position, id) for id in fresh]
                seen.update(fresh)
                if record.flag:
                    answered.update(record.ids)
            elif record.op is Op.OPEN:
                main.discard(here)
                if record.data.decode() == str(self.database):
                    main.add(here)
            self.checkpoints += record.op is Op.SYNCED and here in main
        assert set(self.keys) <= answered, "an answer reached a sender past the recorder"

    def points(self, count: int) -> Sequence[int]:
        """Random moments after the first answer: one half any, one half right behind an answer,
        where a sync that comes too late has not come yet."""
        chance = random.Random(200)
        first = self.told[0][0]
        behind = [position for position, _ in self.told]
        anywhere = [chance.randrange(first, self.length) for _ in range(count - count // 2)]
        return sorted(anywhere + [chance.choice(behind) for _ in range(count // 2)])


async def recorded(folder: Path, env: Mapping[str, str], pushes: int = PUSHES) -> Recorded:
    database = folder / "gateway.db"
    shim = build(folder)
    logs = [folder / f"log-{life}" for life in range(3)]
    async with (
        receiving() as receiver,
        process(folder, receiver.url, kind=Serving) as one,
        aiohttp.ClientSession() as session,
    ):
        for log, end in zip(logs, (signal.SIGKILL, signal.SIGTERM, signal.SIGTERM), strict=True):
            if log is logs[-1]:
                config = folder / "routes.yaml"
                config.write_text(config.read_text().replace("store: {", "store: {retention: 1s, "))
            one.env = {CHECKPOINT: "400", **env, **before(shim, database, log)}
            await one.start(session)
            await one.load(session, log.name, pushes, senders=16, body=body_of)
            await one.end(end)
    assert len(one.acknowledged) == 3 * pushes
    with closing(sqlite3.connect(database)) as db:
        ((events,), (keys,)) = (
            db.execute(f"SELECT count(*) FROM {table}").fetchone() for table in ("events", "dedup")
        )
    assert events < keys == 3 * pushes, "nothing was pruned"
    return Recorded(database, logs, {id: key for key, id in one.acknowledged.items()})


async def cuts(
    lives: Recorded, points: Sequence[int], folder: Path, whole: int | None = None
) -> Mapping[tuple[int, int, Cut], Sequence[str]]:
    """What was wrong after each cut. whole: see `WHOLE`."""
    disk = Disk()
    found: dict[tuple[int, int, Cut], Sequence[str]] = {}
    asked = Counter(points)
    for position, record in enumerate(read(lives.logs)):
        disk.feed(record)
        for again in range(asked[position]):
            told = [id for at, id in lives.told if at <= position]
            torn = Cut(random.Random(position).choice((512, 4096)), seed=position + again)
            for cut in (LOST, torn):
                place = folder / f"cut-{position}-{again}-{cut.sector}"
                place.mkdir()
                put(place, disk.after_cut(cut))
                if whole is not None and len(found) % (2 * whole) < 2:
                    await second_copies(place, told, lives.keys)
                found[position, again, cut] = await problems(
                    place / "gateway.db", told, lives.keys, pruned=position > lives.pruning
                )
                for file in place.iterdir():
                    file.unlink()
    return found


async def second_copies(folder: Path, told: Sequence[str], keys: Mapping[str, str]) -> None:
    """A whole gateway on what is left: second copies are duplicates, everything is delivered."""
    async with receiving() as receiver, running(folder, receiver) as one:
        limit = asyncio.Semaphore(16)

        async def send(id: str) -> None:
            async with limit:
                status, answer = await one.github(keys[id], body_of(keys[id]))
            assert (status, answer["status"], answer["id"]) == (200, "duplicate", id)

        await asyncio.gather(*(send(id) for id in told if id in keys))
        for id in told:
            if await one.gateway.store.event(EventId(id)) is not None:  # else it was pruned
                await one.state(id, "delivered")


def said(env: Mapping[str, str], lives: Recorded, found: Mapping[object, Sequence[str]]) -> int:
    """Prints the counts; returns how many rebuilt disks had a problem."""
    bad = sum(bool(lines) for lines in found.values())
    lost = sum(line.startswith("lost: ") for lines in found.values() for line in lines)
    print(
        f"\nsynchronous={env.get(SYNCHRONOUS, 'as it is')}: {len(lives.keys)} acknowledged, "
        f"{lives.length} records, {lives.checkpoints} syncs of the database itself; "
        f"{len(found)} disks rebuilt, {bad} with a problem, {lost} times an event was lost"
    )
    return bad


async def test_what_was_acknowledged_survives_power_cuts(tmp_path: Path) -> None:
    lives = await recorded(tmp_path, {})
    assert lives.checkpoints > 5
    found = await cuts(lives, lives.points(POINTS), tmp_path, WHOLE)
    said({}, lives, found)
    assert {at: lines for at, lines in found.items() if lines} == {}


@pytest.mark.parametrize("weaker", ["NORMAL", "OFF"])
async def test_power_cuts_find_a_weaker_synchronous(tmp_path: Path, weaker: str) -> None:
    env = {SYNCHRONOUS: weaker}
    lives = await recorded(tmp_path, env, 150)
    found = await cuts(lives, lives.points(10), tmp_path)
    bad = said(env, lives, found)
    assert bad > len(found) / 2
