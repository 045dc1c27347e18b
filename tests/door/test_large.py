"""Bodies that are too much: declared, endless, packed. Cut off at the limit, never held past it."""

import asyncio
import gzip
import random
import zlib
from contextlib import suppress
from itertools import count

import pytest

from tests.door.house import MARK, MIB, House, crowd, is_ours, together, write
from tests.ingest.wire import Response, chunked, post, read_response, sign

pytestmark = pytest.mark.asyncio(loop_scope="session")

BLOCK = b"x" * 65_536
numbers = count(1)


async def flood(one: House, head: bytes, block: bytes, most: int) -> tuple[Response | None, int]:
    """Sends a head, then blocks until the gateway closes. The answer, and bytes sent until then."""
    async with one.connection() as (reader, writer):
        answer = asyncio.ensure_future(read_response(reader))
        writer.write(head)
        sent = 0
        while sent < most and not writer.transport.is_closing():
            await write(writer, block)
            sent += len(block)
            await asyncio.sleep(0)
        try:
            return await answer, sent
        except (asyncio.IncompleteReadError, ConnectionError):
            return None, sent  # the reset overtook it


@pytest.mark.parametrize("length", [64 * 1024 + 1, 10**12, 2**63, 2**64 - 1, 2**64, 10**22, 10**99])
async def test_a_huge_declared_body_is_refused_by_its_headers(one: House, length: int) -> None:
    is_ours(await one.send(post(b"", f"X-Mark: {MARK}", length=length)), 413)
    one.quiet()


@pytest.mark.slow
async def test_huge_bodies_are_not_read(one: House) -> None:
    """Senders who declare a terabyte, or chunks without an end, and begin at once."""
    declared = post(b"", length=10**12)
    endless = chunked([])[0]
    chunk = b"%x\r\n%b\r\n" % (len(BLOCK), BLOCK)
    async with one.attack("40 bodies without an end"):
        ends = await together(
            flood(one, *((declared, BLOCK) if number % 2 else (endless, chunk)), 200 * MIB)
            for number in range(40)
        )
    for answer, sent in ends:
        if answer is not None:
            is_ours(answer, 413)
        assert sent < 200 * MIB, "it was closed"
    assert any(answer is not None for answer, _ in ends)


@pytest.mark.slow
async def test_large_bodies_with_a_bad_signature_are_gone_with_their_answer(one: House) -> None:
    """Each of them was kept until a collection of cycles once: a gigabyte after 40."""
    bad = post(b"x" * (24 * MIB), "X-GitHub-Event: push", path="/in/github", id=None)
    bad = bad.replace(b"X-Signature", b"X-Hub-Signature-256", 1).replace(b"sha256=", b"sha256=0", 1)

    async def send() -> None:
        for _ in range(10):
            is_ours(await one.send(bad), 401)

    async with one.attack("60 bodies of 24 MiB, badly signed", memory=512 * MIB):
        await together([send() for _ in range(6)])


async def test_a_body_in_chunks_of_one_byte_is_a_body(one: House) -> None:
    data = b"".join(chunked([b"x"] * 60_000, id="crumbs"))
    assert (await one.send(data)).status == 202


@pytest.mark.slow
async def test_bodies_in_crumbs_take_their_turns(one: House) -> None:
    """A chunk costs as much as a kilobyte. Twenty such senders kept a good request for 15 seconds."""
    head = chunked([], path="/in/github", signature="sha256=00")[0]
    crumbs = b"1\r\nx\r\n" * 40_000

    async def send(pair: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        with suppress(TimeoutError, ConnectionError):
            async with asyncio.timeout(3):
                pair[1].write(head)
                while True:
                    pair[1].write(crumbs)
                    await pair[1].drain()

    async with one.attack("40 senders of chunks of one byte"), crowd(one, 40) as connections:
        await together(map(send, connections))


@pytest.mark.slow
async def test_a_chunked_body_of_nothing_but_framing_ends(one: House) -> None:
    """Extensions and trailers are bytes, too: none of them may go on for ever."""
    head = chunked([])[0]
    extension = b"1;" + b"a" * 60_000
    trailer = b"X-T: " + b"a" * 8_000 + b"\r\n"
    async with one.attack("20 endless extensions, 20 endless trailers"):
        ends = await together(
            [flood(one, head, extension, 64 * MIB) for _ in range(20)]
            + [flood(one, head + b"0\r\n", trailer, 64 * MIB) for _ in range(20)]
        )
    for answer, sent in ends:
        assert sent < 64 * MIB, "it was closed"
        assert answer is None or answer.status in {400, 408, 413}


# ---------------------------------------------------------------- packed


def bomb(size: int) -> bytes:
    """Gzip of so many MiB of zeros, made without making them: the same block again and again."""
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(b"\0" * MIB) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + block * size


def packed(body: bytes, coding: str = "gzip", **more: object) -> bytes:
    return post(
        body, f"Content-Encoding: {coding}", path="/in/packed", id=f"packed-{next(numbers)}", **more
    )


async def test_bombs_are_not_unpacked(one: House) -> None:
    small, large = bomb(10), bomb(900)
    assert len(large) < MIB < 900 * len(small)
    async with one.attack("30 bombs, 900 MiB each, rightly signed"):
        answers = await together(
            one.send(packed(large if number % 3 else small)) for number in range(30)
        )
    for answer in answers:
        assert answer.status in {413, 415}
        is_ours(answer, answer.status)


@pytest.mark.slow
async def test_what_unpacks_to_much_stops_nobody(one: House) -> None:
    """Badly signed: each was unpacked and hashed three times before anybody else had his turn."""
    body = random.Random(1).randbytes(56_000) + bytes(6_000_000)
    bad = post(
        gzip.compress(body), "Content-Encoding: gzip", path="/in/roomy", signature="sha256=00"
    )

    async def send() -> None:
        async with one.connection() as (reader, writer):
            for _ in range(4):
                writer.write(bad)
                is_ours(await read_response(reader), 401)

    async with one.attack("160 packed bodies of 6 MB, badly signed", memory=512 * MIB):
        await together([send() for _ in range(40)])


GOOD = gzip.compress(b'{"a": 1}')
PACKED = {
    "gzip": (GOOD, "gzip", 202),
    "gzip of gzip, said once": (gzip.compress(GOOD), "gzip", 202),
    "two codings": (GOOD, "gzip, gzip", 415),
    "deflate": (zlib.compress(b"{}"), "deflate", 415),
    "br": (b"{}", "br", 415),
    "zstd": (b"{}", "zstd", 415),
    "x-gzip": (GOOD, "x-gzip", 415),
    "a coding nobody knows": (b"{}", MARK, 415),
    "not packed at all": (b"{}", "gzip", 400),
    "cut off": (GOOD[:-4], "gzip", 400),
    "something behind it": (GOOD + b"more", "gzip", 400),
    "two members": (GOOD * 2, "gzip", 400),
    "nothing": (b"", "gzip", 400),
}
"""Body, its Content-Encoding, and the status."""


@pytest.mark.parametrize("kind", PACKED)
async def test_packed_bodies(one: House, kind: str) -> None:
    body, coding, status = PACKED[kind]
    answer = await one.send(packed(body, coding))
    assert answer.status == status
    if status != 202:
        is_ours(answer, status)
    one.quiet()


async def test_nothing_is_unpacked_for_a_source_that_takes_no_packed_bodies(one: House) -> None:
    body = gzip.compress(b'{"a": 1}')
    is_ours(await one.send(post(body, "Content-Encoding: gzip", id="never")), 415)
    transfer = post(
        body, "Transfer-Encoding: gzip, chunked", length=None, signature=sign(body), id="never"
    )
    is_ours(await one.send(transfer), 400)
    one.quiet()
