"""Open lists: a new event comes by itself, only where the filter fits, once read for all pages."""

import asyncio

from aiohttp import ClientResponse

from tests.admin.conftest import Dashboard
from tests.admin.demo import HOSTILE, add


async def until(answer: ClientResponse, wanted: str) -> str:
    """What a stream says until it has said this."""
    said = ""
    async with asyncio.timeout(10):
        async for line in answer.content:
            said += line.decode()
            if wanted in said:
                return said
    raise AssertionError(f"the stream ended without {wanted!r}: {said}")


async def test_a_new_event_comes_to_the_lists_it_fits(dashboard: Dashboard) -> None:
    get = dashboard.client.get
    async with get("/live") as every, get("/live?type=payment.*") as money:
        for answer in (every, money):
            assert answer.content_type == "text/event-stream"
            await until(answer, "retry:")
        push = await add(dashboard.demo, key="live-1")
        assert push in await until(every, push)
        paid = await add(dashboard.demo, type="payment.succeeded", key="live-2")
        said = await until(money, paid)
        assert push not in said


async def test_one_read_serves_all_open_lists(dashboard: Dashboard) -> None:
    reads = 0
    newest, render = dashboard.demo.hub._newest, dashboard.demo.hub._render
    assert newest is not None
    assert render is not None

    async def counted(count: int) -> object:
        nonlocal reads
        reads += 1
        return await newest(count)

    dashboard.demo.hub.attach(counted, render)  # type: ignore[arg-type]  # the same, counted
    streams = [await dashboard.client.get("/live") for _ in range(10)]
    for stream in streams:
        await until(stream, "retry:")
    made = await add(dashboard.demo, key="live-3")
    for stream in streams:
        await until(stream, made)
        stream.close()
    assert reads == 1


async def test_what_a_sender_wrote_stays_text_on_the_way(dashboard: Dashboard) -> None:
    async with dashboard.client.get("/live") as answer:
        await until(answer, "retry:")
        made = await add(dashboard.demo, subject=HOSTILE + "\n\nevent: reload\n", key="live-4")
        said = await until(answer, made)
    assert "<script>" not in said
    assert "\nevent: reload" not in said


async def test_a_list_that_missed_something_loads_itself_again(dashboard: Dashboard) -> None:
    await add(dashboard.demo, key="live-5")
    async with dashboard.client.get("/live?since=1") as answer:
        assert "event: reload" in await until(answer, "reload")


async def test_too_many_open_lists_are_refused_and_a_stop_ends_all(dashboard: Dashboard) -> None:
    streams = [await dashboard.client.get("/live") for _ in range(50)]
    async with dashboard.client.get("/live") as one_more:
        assert one_more.status == 503
        assert "Retry-After" in one_more.headers
    dashboard.demo.hub.close()
    for stream in streams:
        assert b"retry" in await stream.read()
