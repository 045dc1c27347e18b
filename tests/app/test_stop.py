"""A stop has one time for all that it waits for: the unit's time-out kills what takes longer."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web

from gateway.app.drain import Drain
from gateway.app.gateway import Gateway
from gateway.delivery.dispatcher import Dispatcher
from tests.app.running import BASE, receiving, running
from tests.fakes import Clock


def test_a_drain_begins_when_it_is_asked_and_never_falls_below_nothing() -> None:
    clock = Clock(100.0)
    drain = Drain(25.0, clock)
    clock.now = 200.0
    assert drain.left() == 25.0
    clock.now = 210.0
    assert drain.left() == 15.0
    clock.now = 300.0
    assert drain.left() == 0.0


async def test_a_sender_that_drips_takes_half_of_it_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had all of it, then as much again, and then the deliveries had theirs: 75 seconds."""
    monkeypatch.setattr(Gateway, "DRAIN", 0.8)
    given: list[float] = []
    drain = Dispatcher.drain

    async def told(self: Dispatcher, deadline: float) -> None:
        given.append(deadline)
        await drain(self, deadline)

    monkeypatch.setattr(Dispatcher, "drain", told)
    config = BASE.replace('["${GITHUB_SECRET}"]', '["${GITHUB_SECRET}"], limits: {deadline: 60s}')
    config = config.replace("retry:", "timeout: 60s, retry:")
    arrived, never = asyncio.Event(), asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        arrived.set()
        await never.wait()
        raise web.HTTPOk

    async with receiving(lambda receiver: setattr(receiver, "take", hang)) as receiver:
        async with running(tmp_path, receiver, config) as one:
            await one.github("s-1")
            await arrived.wait()
            port = one.gateway.public_port
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"POST /in/github HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1")
            async with one.session.get(f"{one.public}/healthz") as answer:
                assert answer.status == 200  # the other is read by now
        assert await reader.read() == b""
        writer.close()
        never.set()
    assert [deadline <= 0.4 for deadline in given] == [True]
