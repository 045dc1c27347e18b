"""Large bodies are unpacked, verified and hashed beside the event loop, one at a time."""

import asyncio
import gzip
import hashlib
import random
import threading
from dataclasses import replace

import pytest

from gateway.ingest import steps
from gateway.ingest.beside import LARGE, Beside
from tests import fakes
from tests.ingest.wire import gate, post, sign

LIMITS = replace(fakes.LIMITS, body=4 * LARGE, encodings=frozenset({"gzip"}))
BODY = b'{"type": "large", "fill": "' + b"x" * LARGE + b'"}'
PACKED = gzip.compress(
    b'{"type": "packed", "fill": "%b"}' % random.Random(1).randbytes(9000).hex().encode()
    + b" " * LARGE
)


def plan():
    return fakes.plan(fakes.source(limits=LIMITS), routes=[fakes.route()])


@pytest.fixture(name="threads")
def _threads(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each proof, whether it was made on the event loop's thread."""
    seen: list[bool] = []
    prove = steps.prove

    def told(*args):
        seen.append(threading.current_thread() is threading.main_thread())
        return prove(*args)

    monkeypatch.setattr(steps, "prove", told)
    return seen


async def test_only_what_is_large_goes_to_a_thread(threads: list[bool]) -> None:
    async with gate(plan()) as one:
        assert (await one.send(post())).status == 202
        assert (await one.send(post(BODY, id="id-2"))).status == 202
        packed = post(PACKED, "Content-Encoding: gzip", id="id-3", signature=sign(PACKED))
        assert (await one.send(packed)).status == 202
    assert threads == [True, False, False]
    assert [a.body for a in one.store.admissions[1:]] == [BODY, gzip.decompress(PACKED)]


async def test_a_large_body_that_is_refused_is_told_like_any_other(threads: list[bool]) -> None:
    async with gate(plan()) as one:
        assert (await one.send(post(BODY, signature="sha256=00"))).status == 401
    (kept,) = one.ears.refused
    assert (kept.size, kept.body_hash) == (len(BODY), hashlib.sha256(BODY).hexdigest())
    assert threads == [False]


async def test_one_at_a_time_in_order() -> None:
    beside, at_once, most, order = Beside(), 0, 0, []

    def work(number: int) -> int:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        order.append(number)
        at_once -= 1
        return number

    assert await asyncio.gather(*(beside.run(work, n) for n in range(50))) == list(range(50))
    assert (most, order) == (1, list(range(50)))
