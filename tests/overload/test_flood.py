"""More than there is room for: 503 with Retry-After at once, within memory, and then as before."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import pytest_asyncio

from gateway.ingest.body import IN_FLIGHT
from tests.app.running import signed_push
from tests.door.house import MIB, House, house, is_ours, together, write
from tests.ingest.wire import read_response

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

CONFIG = """\
version: 1
server: {listen: "127.0.0.1:0", public_url: "https://hooks.example.com"}
admin: {listen: "127.0.0.1:0"}
store: {min_free: 1MiB}
sources:
  github: {provider: github, secrets: ["${GITHUB_SECRET}"], limits: {deadline: 60s}}
targets: {}
routes: []
"""
LARGE = 24 * MIB


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="one")
async def _one(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with house(tmp_path_factory.mktemp("overload"), CONFIG) as made:
        yield made


def large(id: str, size: int) -> bytes:
    """A signed push of so many bytes. The signature costs more than anything else here."""
    return raw(id, b'{"ref": "refs/heads/main", "text": "' + b"x" * size + b'"}')


def raw(id: str, body: bytes) -> bytes:
    headers, body = signed_push(id, body)
    lines = [f"{name}: {value}" for name, value in headers.items()]
    head = ["POST /in/github HTTP/1.1", "Host: a", f"Content-Length: {len(body)}", *lines]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


async def test_bodies_beyond_what_may_be_in_flight_make_room_for_one_another(one: House) -> None:
    """Thirty bodies of 24 MiB, all but their last byte: 720 MiB where 256 may be. The slowest are
    turned away, and every good request beside them is let in."""
    request = large("large", LARGE)
    arrived, turned_away = asyncio.Semaphore(0), Counter()
    go_on = asyncio.Event()

    async def send(number: int) -> None:
        async with one.connection() as (reader, writer):
            answer = asyncio.ensure_future(read_response(reader, patience=60))
            last = asyncio.ensure_future(write(writer, request[:-1]))
            await asyncio.wait([answer, last], return_when=asyncio.FIRST_COMPLETED)
            arrived.release()
            await asyncio.wait(
                [answer, asyncio.ensure_future(go_on.wait())], return_when=asyncio.FIRST_COMPLETED
            )
            if not answer.done():
                writer.write(request[-1:])
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                got = await answer
                turned_away[got.status] += 1
                if got.status == 503:
                    is_ours(got, 503)
                    assert got.headers["Retry-After"] == "5"

    async with one.attack("30 bodies of 24 MiB", memory=IN_FLIGHT + 128 * MIB):
        senders = [asyncio.ensure_future(send(number)) for number in range(30)]
        for _ in range(30):
            await arrived.acquire()
        go_on.set()
        await together(senders)
    print(f"answers: {dict(turned_away)}; the others were reset before they read theirs")
    assert turned_away[202] == 1, "they are one event"
    assert turned_away[200] + 1 <= IN_FLIGHT // LARGE
    assert turned_away[503] >= 1
    assert (await one.send(large("afterwards", LARGE))).status == 202, "there is room again"
