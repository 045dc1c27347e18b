"""Reload under load: no request is dropped, and each is judged by one whole plan."""

import asyncio
from pathlib import Path

from tests.app.running import BASE, receiving, running

OTHER = BASE.replace("cap: 1s", "cap: 2s")


async def test_no_request_is_dropped_while_the_plan_is_swapped(tmp_path: Path) -> None:
    async with receiving() as receiver, running(tmp_path, receiver) as one:
        texts = [text.replace("RECEIVER", receiver.url) for text in (OTHER, BASE)]
        done = asyncio.Event()
        statuses: list[int] = []

        async def sender(name: int) -> None:
            number = 0
            while not done.is_set():
                status, _ = await one.github(f"{name}-{number}")
                statuses.append(status)
                number += 1

        load = [asyncio.create_task(sender(name)) for name in range(8)]
        for number in range(10):
            before = len(statuses)
            one.config.write_text(texts[number % 2])
            reloaded = await one.gateway.reload()
            assert reloaded.generation == number + 2
            assert any("sink" in change for change in reloaded.changes)
            while len(statuses) < before + 20:
                await asyncio.sleep(0)
        done.set()
        await asyncio.gather(*load)
        assert set(statuses) == {202}
        await receiver.wait(len(statuses))
    ids = {headers["Gateway-Event-Id"] for headers, _ in receiver.taken}
    assert len(ids) == len(statuses)
