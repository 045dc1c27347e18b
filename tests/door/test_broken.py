"""Broken and contradictory HTTP: refused as malformed, closed, and nothing of it anywhere."""

import asyncio

import pytest

from tests.door.house import MARK, House, is_ours, together
from tests.ingest.wire import BODY, chunked, post, read_response

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOST = b"Host: hooks.example.com\r\n"
NAMED = f"X-Mark: {MARK}"


def request(*lines: str, body: bytes = BODY) -> bytes:
    """A signed request without a length of its own."""
    return post(body, NAMED, *lines, length=None)


def head(data: bytes) -> bytes:
    return data.partition(b"\r\n\r\n")[0] + b"\r\n"


FRAMING = {
    "two different lengths": request("Content-Length: 33", "Content-Length: 5"),
    "two equal lengths": request("Content-Length: 33", "Content-Length: 33"),
    "a list of lengths": request("Content-Length: 33, 33"),
    "a length and chunks": request("Content-Length: 33", "Transfer-Encoding: chunked"),
    "chunks and a length": request("Transfer-Encoding: chunked", "Content-Length: 33"),
    "a negative length": request("Content-Length: -33"),
    "a signed length": request("Content-Length: +33"),
    "a length in hex": request("Content-Length: 0x21"),
    "a length with a fraction": request("Content-Length: 33.0"),
    "a length of other digits": request("Content-Length: \u0663\u0663"),
    "an empty length": request("Content-Length:"),
    "chunked twice": request("Transfer-Encoding: chunked, chunked"),
    "chunked in two headers": request("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"),
    "chunked not last": request("Transfer-Encoding: chunked, identity"),
    "identity": request("Transfer-Encoding: identity"),
    "an unknown transfer coding": request("Transfer-Encoding: xchunked"),
    "a quoted transfer coding": request('Transfer-Encoding: "chunked"'),
    "chunked after a vertical tab": request("Transfer-Encoding:\x0bchunked"),
    "gzip then chunked": request("Transfer-Encoding: gzip, chunked"),
    "a folded transfer coding": request("Transfer-Encoding:\r\n chunked"),
    "a folded header": request("Content-Length: 33", "X-A: 1", " folded"),
    "a header before any name": request(" X-First: 1", "Content-Length: 33"),
    "a space before the colon": request("Content-Length : 33"),
    "a space in a name": request("Content Length: 33"),
    "no name": request(": 1", "Content-Length: 33"),
    "no colon": request("X-Bare", "Content-Length: 33"),
    "a name of bytes over 127": request("X-\u00e9: 1", "Content-Length: 33"),
    "a NUL in a name": request("X-\0: 1", "Content-Length: 33"),
    "a NUL in a value": request("X-A: a\0b", "Content-Length: 33"),
    "a bare CR in a value": request("X-A: a\rContent-Length: 5", "Content-Length: 33"),
    "a bare CR as the end of a line": head(request("Content-Length: 33")).replace(
        b"\r\nX-Id", b"\rX-Id"
    )
    + b"\r\n"
    + BODY,
    "a control byte in a value": request("X-A: a\x01b", "Content-Length: 33"),
    "a NUL in the path": post(BODY, NAMED, path="/in/or\0ders"),
    "a CR in the path": post(BODY, NAMED, path="/in/or\rders"),
    "a tab in the request line": post(BODY, NAMED).replace(b" /in", b"\t/in", 1),
    "a NUL in the method": post(BODY, NAMED, method="PO\0ST"),
    "a lower-case method": post(BODY, NAMED, method="post"),
    "HTTP/2.0": post(BODY, NAMED, version="2.0"),
    "HTTP/1.2": post(BODY, NAMED, version="1.2"),
    "HTTP/0.9": b"POST /in/orders\r\n\r\n",
    "http in lower case": post(BODY, NAMED).replace(b"HTTP/", b"http/", 1),
    "HTTP/2's preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200,
    "another protocol": b"EHLO " + MARK.encode() + b"\r\n",
    "NULs": b"\0" * 5000,
    "2,000 headers": request("Content-Length: 33", *(f"X-{n}: 1" for n in range(2000))),
    "a header of 64 KB": request("Content-Length: 33", "X-A: " + "a" * 65_536),
    "a name of 64 KB": request("Content-Length: 33", "X-" + "a" * 65_536 + ": 1"),
    "a path of 64 KB": post(BODY, NAMED, path="/" + "a" * 65_536),
    "a megabyte of headers": request(
        "Content-Length: 33", *(f"X-{n}: " + "a" * 8_000 for n in range(125))
    ),
}
"""By what is wrong with each."""

BODIES = {
    "no number": b"zz\r\n",
    "a negative size": b"-5\r\nabcde\r\n",
    "a signed size": b"+5\r\nabcde\r\n",
    "a size in hex with 0x": b"0x5\r\nabcde\r\n",
    "an overflowing size": b"fffffffffffffffff\r\n",
    "a size after a space": b" 5\r\nabcde\r\n",
    "a chunk longer than its size": b"5\r\nabcdefgh\r\n",
    "a size that ends in LF": b"5\nabcde\n",
    "a size that ends in CR": b"5\rabcde\r",
    "no end of the chunk": b"5\r\nabcde5\r\nabcde\r\n",
    "an extension with a NUL": b"5;a=\0\r\nabcde\r\n",
}
"""Chunks, by what is wrong with each."""


@pytest.mark.parametrize("wrong", FRAMING)
async def test_broken_http_is_answered_once_by_us_and_closed(one: House, wrong: str) -> None:
    answers = await one.dialogue(FRAMING[wrong])
    assert len(answers) == 1
    is_ours(answers[0])
    one.quiet()


@pytest.mark.parametrize("wrong", BODIES)
async def test_broken_chunks_are_refused_and_what_follows_is_no_request(
    one: House, wrong: str
) -> None:
    (start,) = chunked([BODY], NAMED)[:1]
    answers = await one.dialogue(start + BODIES[wrong] + b"0\r\n\r\n" + post(id="smuggled"))
    assert len(answers) == 1
    is_ours(answers[0])
    one.quiet()


@pytest.mark.slow
async def test_all_of_it_at_once_and_again_leaves_nothing_behind(one: House) -> None:
    broken = [*FRAMING.values(), *(chunked([BODY])[0] + chunk for chunk in BODIES.values())]
    before = await one.outcomes()
    async with one.attack(f"{len(broken)} kinds of broken HTTP, 20 times each"):
        for _ in range(20):
            answers = await together([one.dialogue(data) for data in broken])
            assert all(len(answer) == 1 for answer in answers)
    counted = await one.outcomes() - before
    del counted["github", "accepted"], counted["github", "unrouted"]
    assert sum(counted.values()) == 20 * len(broken), "each of them has its outcome"
    assert {outcome for _, outcome in counted} == {"malformed"}


@pytest.mark.parametrize("at", range(0, 120, 7))
async def test_garbage_at_any_place_of_a_request_never_gets_it_stored(one: House, at: int) -> None:
    data = post(id=f"cut-{at}")
    async with one.connection() as (reader, writer):
        writer.write(data[:at] + b"\r\n\0\r\n\r\n" + data[at:])
        assert (await read_response(reader)).status in {400, 404, 405}
    one.quiet()


async def test_a_broken_request_behind_a_good_one_in_one_packet(one: House) -> None:
    """Either the good one is answered, or it was not taken either: never taken and unanswered."""
    answers = await one.dialogue(post(id="piped-good") + b"\0broken\r\n\r\n")
    statuses = [answer.status for answer in answers]
    assert statuses in ([202, 400], [400])
    is_ours(answers[-1])
    again = await one.send(post(id="piped-good"))
    assert again.status == (200 if statuses == [202, 400] else 202)


async def test_a_request_behind_an_unread_body_is_never_taken_for_one(one: House) -> None:
    """The body of a refused request holds a request: on the same connection it is no request."""
    inner = post(id="smuggled-inside")
    for outer in (
        post(inner, path="/nowhere", signature="sha256=00"),
        post(inner, method="PUT", signature="sha256=00"),
        post(inner, signature="sha256=00"),
        b"".join(chunked([inner], path="/nowhere", signature="sha256=00")),
    ):
        async with one.connection() as (reader, writer):
            writer.write(outer)
            assert (await read_response(reader)).status in {401, 404, 405}
            writer.write_eof()
            rest = await asyncio.wait_for(reader.read(), 10)
            assert b"HTTP/1.1 2" not in rest
    assert (await one.send(inner)).status == 202
