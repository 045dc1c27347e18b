"""kill -9 under load, again and again: what got a 2xx is one event and is delivered."""

import asyncio
import random
import signal
from pathlib import Path

import aiohttp
import orjson
import pytest

from tests.app.process import Process, process
from tests.app.running import receiving, signed_push

KILLS = 20
SENDERS = 16


async def sender(
    session: aiohttp.ClientSession, one: Process, name: str, acknowledged: dict[str, str]
) -> None:
    """Sends unique pushes until the process is gone; notes the id each acknowledged one got."""
    for number in range(1_000):
        id = f"{name}-{number}"
        headers, body = signed_push(id)
        try:
            async with session.post(f"{one.public}/in/github", data=body, headers=headers) as got:
                raw = await got.read()
        except aiohttp.ClientError:
            return
        assert got.status in {202, 503}
        if got.status == 202:
            acknowledged[id] = orjson.loads(raw)["id"]


@pytest.mark.slow
async def test_what_was_acknowledged_survives_kills_under_load(tmp_path: Path) -> None:
    acknowledged: dict[str, str] = {}
    chance = random.Random(20)
    async with (
        receiving() as receiver,
        process(tmp_path, receiver.url) as one,
        aiohttp.ClientSession() as session,
    ):
        for kill in range(KILLS):
            await one.start(session)
            before = len(acknowledged)
            load = [
                asyncio.create_task(sender(session, one, f"{kill}-{n}", acknowledged))
                for n in range(SENDERS)
            ]
            wanted = before + chance.randint(1, 300)
            async with asyncio.timeout(30):
                while len(acknowledged) < wanted:
                    await asyncio.sleep(0)
            assert await one.end(signal.SIGKILL) == -signal.SIGKILL
            await asyncio.gather(*load)
        await one.start(session)
        missing = set(acknowledged.values())
        async with asyncio.timeout(60):
            while missing:
                receiver.came.clear()
                missing -= {headers["Gateway-Event-Id"] for headers, _ in receiver.taken}
                if missing:
                    await receiver.came.wait()
        again = {}
        for id in acknowledged:
            headers, body = signed_push(id)
            async with session.post(f"{one.public}/in/github", data=body, headers=headers) as got:
                answer = orjson.loads(await got.read())
                assert answer["status"] == "duplicate"
                again[id] = answer["id"]
        assert again == acknowledged
        assert await one.end(signal.SIGTERM) == 0
    keys: dict[str, set[str]] = {}
    for _, body in receiver.taken:
        document = orjson.loads(body)
        keys.setdefault(document["providerid"], set()).add(document["id"])
    assert all(len(ids) == 1 for ids in keys.values())
    print(
        f"\n{KILLS} kills: {len(acknowledged)} acknowledged, all delivered, none two events; "
        f"{len(receiver.taken)} attempts reached the receiver for {len(keys)} events"
    )
