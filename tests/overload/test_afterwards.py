"""After a flood nothing is kept of it: no reservation, no byte, no slot, no task."""

import asyncio
import random
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from gateway.app import gateway as assembly
from gateway.ingest.judge import Judge
from tests.app.running import BASE, Running, receiving, running, signed_push

PUSHES = 250


async def push(one: Running, session: aiohttp.ClientSession, number: int) -> int:
    """A good one, a copy of one, a bad one, or one that leaves early: its status, 0 for none."""
    headers, body = signed_push(f"flood-{number % 200}")
    if number % 5 == 1:
        headers["X-Hub-Signature-256"] = "sha256=" + "0" * 64
    impatient = aiohttp.ClientTimeout(total=0.01 if number % 5 == 2 else 60)
    try:
        async with session.post(
            f"{one.public}/in/github", data=body, headers=headers, timeout=impatient
        ) as answer:
            await answer.read()
            return answer.status
    except (TimeoutError, aiohttp.ClientError):
        return 0


async def test_after_a_flood_everything_is_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judges: list[Judge] = []

    def judging(**parts: object) -> Judge:
        judges.append(Judge(**parts))
        return judges[-1]

    monkeypatch.setattr(assembly, "Judge", judging)
    chance = random.Random(1)
    text = BASE.replace(
        "routes:", '  other: {url: "RECEIVER/other", retry: {base: 50ms, cap: 50ms}}\nroutes:'
    )
    text = text.replace("to: [sink]", "to: [sink, other]").replace(
        "500ms, cap: 1s", "50ms, cap: 50ms"
    )
    async with receiving() as receiver, running(tmp_path, receiver, text) as one:
        receiver.answer = lambda _: web.Response(status=chance.choice([200, 200, 503]))
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            statuses = await asyncio.gather(*(push(one, session, n) for n in range(PUSHES)))
        assert set(statuses) <= {0, 200, 202, 401}
        async with asyncio.timeout(60):
            while True:
                one.committed.clear()
                if not any(waits.counts for waits in await one.gateway.store.backlog()):
                    break
                await one.committed.wait()
        dispatcher = one.gateway.dispatcher
        async with asyncio.timeout(10):
            while dispatcher._tasks:
                await asyncio.sleep(0.01)
        assert dispatcher._intake.bytes == 0
        assert set(dispatcher._intake.reserved.values()) == {0}
        assert set(dispatcher._pump._memory._held.values()) == {0}
        assert {(queue.running, len(queue)) for queue in dispatcher._queues.values()} == {(0, 0)}
        assert dispatcher._results.recorder is not None
        assert dispatcher._results.recorder._waiting == []
        assert (await one.gateway.store.health()).queue == 0
        (judge,) = judges
        assert (judge._in_flight.used, judge._in_flight.unfinished) == (0, {})
        assert judge._committing == 0
