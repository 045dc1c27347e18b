"""Those who take their time, or never say anything: each costs a descriptor, and not for long."""

import asyncio
from contextlib import suppress

import pytest

from tests.door.house import House, crowd, is_ours, together, until_closed
from tests.ingest.wire import BODY, chunked, post, read_response

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def drip(writer: asyncio.StreamWriter, data: bytes, answer: asyncio.Future) -> None:
    """A byte at a time, until an answer comes."""
    for at in range(len(data)):
        writer.write(data[at : at + 1])
        await asyncio.wait([answer], timeout=0.1)
        if answer.done():
            return
    raise AssertionError("it took all of it")


async def the_end(reader: asyncio.StreamReader) -> bytes:
    """What comes before the connection ends, by a reset too."""
    with suppress(ConnectionResetError):
        return await reader.read()
    return b""


@pytest.mark.slow
async def test_bodies_that_drip_end_at_their_deadline(one: House) -> None:
    async def slowly(number: int) -> None:
        plain = post(b"x" * 60_000, id=f"drip-{number}")
        data = plain if number % 2 else b"".join(chunked([b"x" * 60_000], id=f"drip-{number}"))
        begun = data.index(b"\r\n\r\n") + 4
        async with one.connection() as (reader, writer):
            writer.write(data[:begun])
            answer = asyncio.ensure_future(read_response(reader))
            await drip(writer, data[begun:], answer)
            is_ours(await answer, 408)
            assert await until_closed(reader) == []

    async with one.attack("200 bodies that drip"):
        await together([slowly(number) for number in range(200)])


@pytest.mark.slow
async def test_a_thousand_idle_connections_keep_nobody_out(one: House) -> None:
    async with (
        one.attack("1,000 idle connections", descriptors=1000),
        crowd(one, 1000),
    ):
        for number in range(20):
            assert (await one.send(post(id=f"among-idle-{number}"))).status == 202


@pytest.mark.slow
async def test_connections_idle_after_a_request_keep_nobody_out(one: House) -> None:
    async def ask(pair: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        pair[1].write(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await read_response(pair[0])).status == 200

    async with (
        one.attack("500 idle after a request", descriptors=500),
        crowd(one, 500) as connections,
    ):
        await together(map(ask, connections))
        assert (await one.send(post(id="among-kept"))).status == 202


@pytest.mark.slow
async def test_senders_who_never_read_their_answers_are_made_to_wait(one: House) -> None:
    """Nobody reads these answers, so no more of these requests may be taken in."""
    asked = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n" * 2000

    async def push(pair: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        pair[0]._transport.pause_reading()
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                for _ in range(400):
                    pair[1].write(asked)
                    await pair[1].drain()

    async with (
        one.attack("50 senders of endless requests who read nothing"),
        crowd(one, 50) as connections,
    ):
        await together(map(push, connections))


@pytest.mark.slow
async def test_headers_that_drip_are_closed_at_their_deadline(one: House) -> None:
    """Ten seconds, as the real gateway has them (`test_listener.py` has the short ones)."""

    async def slowly(pair: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        data = post(BODY, *(f"X-{number}: 1" for number in range(100)))
        over = asyncio.ensure_future(the_end(pair[0]))
        await drip(pair[1], data, over)
        assert await over == b"", "closed without an answer"

    async with (
        one.attack("1,000 headers that drip", descriptors=1000),
        crowd(one, 1000) as connections,
    ):
        await together(map(slowly, connections))


async def test_headers_that_never_end_are_cut_off(one: House) -> None:
    """Each line of a legal size, the lot of them unfinished: it is the sum that must be bounded."""
    line = b"X-Long: " + b"a" * 8000 + b"\r\n"
    start = post(BODY).partition(b"\r\n\r\n")[0] + b"\r\n"

    async def send(pair: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        pair[1].write(start)
        for _ in range(120):
            pair[1].write(line)
        answers = await until_closed(pair[0])
        assert len(answers) <= 1, "a reset may overtake the answer"
        for answer in answers:
            is_ours(answer)

    async with (
        one.attack("300 times a megabyte of headers without an end"),
        crowd(one, 300) as connections,
    ):
        await together(map(send, connections))


@pytest.mark.slow
async def test_requests_queued_behind_one_another_hold_little(one: House) -> None:
    """All that pipelining may hold for each connection: a few requests of headers."""
    heavy = post(BODY, *(f"X-{number}: " + "a" * 200 for number in range(100)), id="queued")

    async def send(pair: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        pair[0]._transport.pause_reading()
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                for _ in range(500):
                    pair[1].write(heavy)
                    await pair[1].drain()

    async with (
        one.attack("100 senders of pipelined requests with 20 KB of headers"),
        crowd(one, 100) as connections,
    ):
        await together(map(send, connections))
