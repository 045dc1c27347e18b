"""Several requests in one packet: each is answered, in order, by what it is itself."""

import pytest

from tests.door.house import House, write
from tests.ingest.wire import chunked, post, read_response

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_two_hundred_requests_in_one_packet_are_answered_in_order(one: House) -> None:
    kinds = [
        (lambda n: post(id=f"pipe-{n}"), 202),
        (lambda n: post(id=f"pipe-{n - 1}"), 200),
        (lambda n: post(path=f"/nowhere/{n}"), 404),
        (lambda n: post(signature="sha256=00"), 401),
        (lambda n: b"".join(chunked([b"{}", b" "], id=f"pipe-{n}")), 202),
        (lambda n: post(b"", method="PUT"), 405),
        (lambda n: b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 200),
        (lambda n: post(path="/in/shut"), 503),
    ]
    packet = b"".join(kinds[n % len(kinds)][0](n) for n in range(200))
    async with one.attack("200 requests in one packet"), one.connection() as (reader, writer):
        writer.write(packet)
        statuses = [(await read_response(reader)).status for _ in range(200)]
    assert statuses == [kinds[n % len(kinds)][1] for n in range(200)]


@pytest.mark.parametrize("size", [1, 7, 100, 1000, 5000])
async def test_where_packets_end_changes_nothing(one: House, size: int) -> None:
    data = b"".join(
        post(b"x" * 3000, id=f"split-{size}-{n}")
        + post(path="/nowhere")
        + b"".join(chunked([b"y" * 300] * 3, id=f"chunks-{size}-{n}"))
        for n in range(3)
    )
    async with one.connection() as (reader, writer):
        await write(writer, *(data[at : at + size] for at in range(0, len(data), size)))
        statuses = [(await read_response(reader)).status for _ in range(9)]
    assert statuses == [202, 404, 202] * 3


async def test_thousands_of_tiny_requests_after_bodies_that_came_late(one: House) -> None:
    """aiohttp's parser miscounts what is queued where a body comes after its request was begun."""
    tiny = b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
    async with one.connection() as (reader, writer):
        for number in range(5):
            data = post(id=f"late-{number}")
            writer.write(data[:-10])
            await writer.drain()
            await one.send(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")  # it is read by now
            writer.write(data[-10:])
            assert (await read_response(reader)).status == 202
        writer.write(tiny * 2000)
        statuses = {(await read_response(reader)).status for _ in range(2000)}
    assert statuses == {404}
