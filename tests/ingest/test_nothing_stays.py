"""What a request held is free when it has ended, and waits for no collection of cycles: that comes
after thousands of them, and bodies of 25 MB would have filled the memory by then.
"""

import asyncio
import gc
from collections.abc import Iterator
from dataclasses import replace

import pytest

from gateway.errors import StoreUnavailable
from gateway.ingest.case import Case
from gateway.ingest.connection import Connection
from tests import fakes
from tests.ingest.wire import BODY, Gate, chunked, gate, post, read_response

LIMITS = replace(fakes.LIMITS, deadline=0.05, encodings=frozenset({"gzip"}))


@pytest.fixture(autouse=True)
def _no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def plan(**more: object):
    return fakes.plan(fakes.source(limits=LIMITS, **more), routes=[fakes.route()])


def held() -> list[str]:
    """The kinds of what is held of requests and connections."""
    return [type(one).__name__ for one in gc.get_objects() if isinstance(one, Case | Connection)]


async def free(one: Gate) -> None:
    async with asyncio.timeout(5):
        while one.server.connections or held():
            await asyncio.sleep(0.01)


SENT = {
    "accepted": (post(), 202),
    "no path": (post(path="/nowhere"), 404),
    "bad method": (post(method="PUT"), 405),
    "bad signature": (post(signature="sha256=00"), 401),
    "no signature": (post(signature=None), 401),
    "doubled id": (post(BODY, "X-Id: 2"), 401),
    "declared too large": (post(b"x" * 70_000), 413),
    "too large": (b"".join(chunked([b"x" * 70_000])), 413),
    "bad coding": (post(BODY, "Content-Encoding: br"), 415),
    "no gzip": (post(BODY, "Content-Encoding: gzip"), 400),
    "slow": (post()[:-5], 408),
    "broken chunk": (chunked([])[0] + b"zz\r\n", 400),
    "no HTTP": (b"garbage\r\n\r\n", 400),
}


@pytest.mark.parametrize("kind", SENT)
async def test_nothing_of_a_request_stays(kind: str) -> None:
    data, status = SENT[kind]
    async with gate(plan()) as one:
        assert (await one.send(data)).status == status
        await free(one)


async def test_nothing_stays_of_who_is_turned_away_by_its_address() -> None:
    async with gate(plan(allow=["192.0.2.0/24"])) as one:
        assert (await one.send(post())).status == 403
        await free(one)


async def test_nothing_stays_of_what_the_store_refused() -> None:
    async with gate(plan()) as one:
        one.store.fail = StoreUnavailable("the disk is full")
        assert (await one.send(post())).status == 503
        one.store.fail = None
        await free(one)


@pytest.mark.parametrize("resets", [False, True])
async def test_nothing_stays_of_who_leaves_amid_its_body(resets: bool) -> None:
    async with gate(plan()) as one:
        async with one.connection() as (_, writer):
            writer.write(post(b"x" * 30_000)[:-5])
            await one.reading(1)
            if resets:
                writer.transport.abort()
        await one.settled(1)
        await free(one)


async def test_nothing_stays_of_a_body_that_ends_after_its_refusal() -> None:
    async with gate(plan()) as one, one.connection() as (reader, writer):
        data = post(b"x" * 70_000)
        writer.write(data[:-5])
        assert (await read_response(reader)).status == 413
        writer.write(data[-5:])
        await reader.read()
        writer.close()
        await free(one)
