"""Those who ask first, who leave early, who knock at every door, who will not stop trying."""

import asyncio
import re
import socket
import struct
from contextlib import suppress

import pytest

from gateway.store import refused as refused_log
from tests.door.house import MARK, MIB, House, crowd, is_ours, together
from tests.ingest.wire import BODY, chunked, post, read_response

pytestmark = pytest.mark.asyncio(loop_scope="session")

ATTACKER = "X-Forwarded-For: 203.0.113.66"
SENDER = "X-Forwarded-For: 198.51.100.7"


def asking(**more: object) -> bytes:
    """The headers of a request whose sender waits to be asked for the body."""
    return post(b"", "Expect: 100-continue", f"X-Mark: {MARK}", **{"length": 20, **more})


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (asking(path="/nowhere"), 404),
        (asking(path="/"), 404),
        (asking(method="PUT"), 405),
        (asking(length=10**9), 413),
        (asking(path="/in/shut"), 503),
        (asking(path="/in/private"), 403),
        (post(b"", "Expect: 100-continue", "Content-Encoding: br", length=20), 415),
        (post(b"", "Expect: 100-continue", "Content-Length: 21", length=20), 400),
        (post(b"", "Expect: 100-continue", "X-Nul: \0", length=20), 400),
    ],
)
async def test_nobody_is_asked_for_a_body_that_is_refused(
    one: House, data: bytes, status: int
) -> None:
    answer = await one.send(data)
    is_ours(answer, status)
    assert answer.headers["Connection"] == "close", "its next bytes may be body or request"
    one.quiet()


async def test_who_is_let_in_is_asked_for_the_body_once(one: House) -> None:
    head, _, body = post(BODY, "Expect: 100-Continue", id="asked").partition(b"\r\n\r\n")
    async with one.connection() as (reader, writer):
        writer.write(head + b"\r\n\r\n")
        assert (await read_response(reader)).status == 100
        writer.write(body)
        assert (await read_response(reader)).status == 202
        writer.write(post(id="asked-2"))
        assert (await read_response(reader)).status == 202


async def test_who_does_not_wait_to_be_asked_is_not_asked(one: House) -> None:
    answer = await one.send(post(BODY, "Expect: 100-continue", id="not-asked"))
    assert answer.status == 202


@pytest.mark.slow
async def test_who_asks_and_never_sends_gets_a_timeout(one: House) -> None:
    async with one.attack("100 who ask and never send"):

        async def ask(number: int) -> None:
            async with one.connection() as (reader, writer):
                writer.write(asking(id=f"asks-{number}"))
                assert (await read_response(reader)).status == 100
                is_ours(await read_response(reader), 408)

        await together(map(ask, range(100)))


# ---------------------------------------------------------------- leaving early


@pytest.mark.slow
async def test_clients_that_vanish_before_the_answer_leave_nothing(one: House) -> None:
    """At every point of a request, by an end or by a reset."""
    whole = [post(b"x" * 30_000), b"".join(chunked([b"x" * 30_000])), post(id=None), asking()]
    linger = struct.pack("ii", 1, 0)  # close sends a reset (socket(7), SO_LINGER)

    async def vanish(number: int) -> None:
        data = whole[number % len(whole)].replace(b"X-Id: id-1", b"X-Id: gone-%d" % number)
        _, writer = await asyncio.open_connection("127.0.0.1", one.port)
        with suppress(ConnectionError):
            writer.write(data[: len(data) * (number % 11) // 10])
            await writer.drain()
            if number % 2:
                peer = writer.get_extra_info("socket")
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.close()
            await writer.wait_closed()

    async with one.attack("600 clients that vanish"):
        for start in range(0, 600, 100):
            await together(map(vanish, range(start, start + 100)))


# ---------------------------------------------------------------- trying on


async def test_bad_signatures_from_one_address_do_not_keep_the_real_sender_out(one: House) -> None:
    """Beside the attack's own good sender, the source under attack has one of its own."""
    bad = post(b"x" * 10_000, ATTACKER, f"X-Mark: {MARK}", signature="sha256=" + "0" * 64)
    before = await one.outcomes()
    answered: list[int] = []

    async def attacker(pair: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        for _ in range(60):
            pair[1].write(bad)
            is_ours(await read_response(pair[0]), 401)

    async def real_sender() -> None:
        while len(answered) < 20:
            answered.append((await one.send(post(BODY, SENDER, id=f"real-{len(answered)}"))).status)

    async with one.attack("1,200 bad signatures from one address"), crowd(one, 20) as connections:
        await together([real_sender(), *map(attacker, connections)])
    assert answered == [202] * 20
    counted = await one.outcomes() - before
    assert counted["orders", "bad_signature"] == 1200, "each is counted, whatever is logged"
    log = await refused_log.page(one.process.folder / "gateway.db", limit=100_000)
    assert len(log) < 1000, "the log of refused requests takes 50 rows a second"


async def test_an_address_over_its_rate_is_turned_away_and_no_other(one: House) -> None:
    bad = post(BODY, ATTACKER, path="/in/patient", signature="sha256=" + "0" * 64)
    async with one.connection() as (reader, writer):
        statuses = []
        for _ in range(40):
            writer.write(bad)
            answer = await read_response(reader)
            is_ours(answer, answer.status)
            statuses.append(answer.status)
        assert set(statuses) == {401, 429}
        assert statuses.count(429) >= 20
        writer.write(post(BODY, ATTACKER, path="/in/patient", id="theirs"))
        limited = await read_response(reader)
        assert limited.status == 429, "a good signature does not make up for the rate"
        assert int(limited.headers["Retry-After"]) >= 1
    assert (await one.send(post(BODY, SENDER, path="/in/patient", id="ours"))).status == 202


async def test_knocking_at_names_makes_no_series_and_fills_no_disk(one: House) -> None:
    """Each knock with a name of its own and 20 KB of headers."""
    heavy = [f"X-{number}: {MARK}" + "a" * 1000 for number in range(20)]

    async def knock(number: int, pair: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        for knocked in range(100):
            name = f"/in/name-{number}-{knocked}?{MARK}"
            pair[1].write(post(b"", *heavy, path=name, signature=None))
            is_ours(await read_response(pair[0]), 404)

    before = await one.outcomes()
    async with one.attack("2,000 names tried"), crowd(one, 20) as connections:
        await together(knock(number, pair) for number, pair in enumerate(connections))
    counted = await one.outcomes() - before
    assert counted["_unknown", "unknown_source"] == 2000
    async with one.session.get(f"{one.process.admin}/metrics") as answer:
        text = await answer.text()
    assert "name-" not in text
    sources = set(re.findall(r'source="(\w+)"', text))
    assert sources <= {
        "_unknown",
        "github",
        "orders",
        "packed",
        "patient",
        "roomy",
        "shut",
        "private",
    }
    log = refused_log.path_beside(one.process.folder / "gateway.db")
    assert log.stat().st_size < 64 * MIB, "50 rows a second, 16 KiB of headers each"
