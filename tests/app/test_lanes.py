"""Lanes end to end: a gateway as a process of its own, a target that fails one time in ten, and each
key's events in order, none missing; also with kills in the middle and with replays thrown in.

`LANES=50000` (`make lanes`) makes it as many events; the suite's own number is small.
"""

import asyncio
import os
import random
import signal
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import orjson
import pytest
from aiohttp import web

from tests.app.process import Process, process
from tests.app.running import BASE, Receiver, receiving, signed_push

EVENTS = int(os.environ.get("LANES", "2000"))
KEYS = 100
KILLS = 3
REPLAYS = 20
FAILS = 0.1
TEXT = BASE.replace(
    "retry: {base: 500ms, cap: 1s}", "concurrency: 50, retry: {base: 20ms, cap: 100ms}"
).replace("to: [sink]", "to: [sink], format: raw, order_by: payload.key")


@dataclass
class Arrivals:
    """What the target took, by key, in order: numbers, and the id of a delivery for a replay."""

    chance: random.Random
    taken: dict[str, list[tuple[int, str]]] = field(default_factory=lambda: defaultdict(list))
    attempts: int = 0
    count: int = 0

    def see(self, receiver: Receiver) -> None:
        async def take(request: web.Request) -> web.Response:
            body = orjson.loads(await request.read())
            self.attempts += 1
            if self.chance.random() < FAILS:
                return web.Response(status=503)
            replay = request.headers["Gateway-Webhook-Id"]
            is_replay = "Gateway-Replay-Of" in request.headers
            self.taken[body["key"]].append((body["n"], replay if is_replay else ""))
            self.count += not is_replay
            receiver.came.set()
            return web.Response()

        receiver.take = take


@dataclass
class Load:
    """One sender a key, each with one event after the other, until all are acknowledged."""

    session: aiohttp.ClientSession
    one: Process
    ids: dict[tuple[str, int], str] = field(default_factory=dict)
    acknowledged: int = 0
    up: asyncio.Event = field(default_factory=asyncio.Event)

    async def key(self, key: str, numbers: int) -> None:
        for n in range(numbers):
            body = orjson.dumps({"ref": "refs/heads/main", "key": key, "n": n})
            headers, body = signed_push(f"{key}-{n}", body)
            while (key, n) not in self.ids:
                await self.up.wait()
                try:
                    async with self.session.post(
                        f"{self.one.public}/in/github", data=body, headers=headers
                    ) as got:
                        answer = orjson.loads(await got.read())
                except aiohttp.ClientError:
                    await asyncio.sleep(0)
                    continue
                if got.status in {200, 202}:
                    self.ids[key, n] = answer["id"]
                    self.acknowledged += 1

    async def reaches(self, count: int) -> None:
        while self.acknowledged < count:
            await asyncio.sleep(0.01)


@dataclass(frozen=True)
class Replayed:
    key: str
    n: int
    delivery: str
    after: int
    """The highest number that was acknowledged when it was asked for."""
    before: int
    """The first number that was not acknowledged yet when it was made."""


async def replay(load: Load, chance: random.Random) -> Replayed:
    """Replays some event of some key."""
    key = chance.choice(sorted({key for key, _ in load.ids}))
    mine = [n for other, n in load.ids if other == key]
    n, after = chance.choice(mine), max(mine)
    url = f"http://gateway/api/v1/events/{load.ids[key, n]}"
    control = aiohttp.UnixConnector(str(load.one.folder / "control.sock"))
    async with aiohttp.ClientSession(connector=control) as session:
        async with session.post(f"{url}/replay", json={}) as got:
            assert got.status == 200, await got.text()
        before = max(m for other, m in load.ids if other == key) + 2  # one may be under way
        async with session.get(url) as got:
            made = orjson.loads(await got.read())["deliveries_made"]
    newest = max(made, key=lambda one: one["seq"])
    assert newest["replay_of"]
    return Replayed(key, n, newest["id"], after, before)


async def run(folder: Path, *, kills: int = 0, replays: int = 0) -> None:
    chance = random.Random(11)
    arrivals = Arrivals(random.Random(10))
    each = EVENTS // KEYS
    total = each * KEYS
    made: list[Replayed] = []
    async with (
        receiving(arrivals.see) as receiver,
        process(folder, receiver.url, TEXT) as one,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=KEYS + 10)) as session,
    ):
        load = Load(session, one)
        await one.start(session)
        load.up.set()
        began = time.monotonic()
        senders = [asyncio.create_task(load.key(f"k{k}", each)) for k in range(KEYS)]
        for step in range(1, max(kills, replays) + 1):
            await load.reaches(total * step // (max(kills, replays) + 1))
            if kills:
                load.up.clear()
                assert await one.end(signal.SIGKILL) == -signal.SIGKILL
                await one.start(session)
                load.up.set()
            if replays:
                made.append(await replay(load, chance))
        await asyncio.gather(*senders)
        accepted = time.monotonic() - began
        async with asyncio.timeout(1200):
            while not done(arrivals, each, made):
                receiver.came.clear()
                await receiver.came.wait()
        assert await one.end(signal.SIGTERM) == 0
    seconds = time.monotonic() - began
    repeated = check(arrivals, each, made, kills=kills)
    print(
        f"\n{total} events over {KEYS} keys, {kills} kills, {len(made)} replays: each key in order, "
        f"none missing; {arrivals.attempts} attempts, {repeated} taken twice; accepted in "
        f"{accepted:.0f} s, delivered in {seconds:.0f} s ({total / seconds:.0f}/s)"
    )


def done(arrivals: Arrivals, each: int, made: list[Replayed]) -> bool:
    if arrivals.count < each * KEYS:
        return False
    replays = {id for taken in arrivals.taken.values() for _, id in taken if id}
    return replays >= {one.delivery for one in made} and all(
        each - 1 in [n for n, id in arrivals.taken[f"k{k}"] if not id] for k in range(KEYS)
    )


def check(arrivals: Arrivals, each: int, made: list[Replayed], *, kills: int) -> int:
    """Each key in order, none missing. Returns how many came twice: a kill repeats what had no
    result yet, and nothing before it."""
    repeated = 0
    for k in range(KEYS):
        mine = arrivals.taken[f"k{k}"]
        numbers = [n for n, id in mine if not id]
        once = [n for n, before in zip(numbers, [-1, *numbers], strict=False) if n != before]
        assert once == list(range(each)), f"k{k}: {numbers}"
        repeated += len(numbers) - len(once)
    assert kills or not repeated
    for one in made:
        mine = arrivals.taken[one.key]
        (place,) = [at for at, (_, id) in enumerate(mine) if id == one.delivery]
        assert mine[place][0] == one.n
        earlier = {n for n, id in mine[:place] if not id}
        later = {n for n, id in mine[place:] if not id}
        assert earlier >= set(range(one.after + 1)), "after all that were there"
        assert later >= set(range(one.before, each)), "before all that came afterwards"
    return repeated


@pytest.mark.slow
async def test_each_key_comes_in_order_and_none_is_missing(tmp_path: Path) -> None:
    await run(tmp_path)


@pytest.mark.slow
async def test_the_same_with_kills_in_the_middle(tmp_path: Path) -> None:
    await run(tmp_path, kills=KILLS)


@pytest.mark.slow
async def test_the_same_with_replays_thrown_in(tmp_path: Path) -> None:
    await run(tmp_path, replays=REPLAYS)
