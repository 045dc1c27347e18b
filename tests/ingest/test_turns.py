"""Bodies in crumbs: one piece in each turn of the loop, whoever many send them, and all of each."""

import asyncio

from gateway.ingest.turns import MOST, Turns
from tests import fakes
from tests.ingest.wire import chunked, gate, post, read_response


async def test_one_a_turn_first_come_first_served() -> None:
    turns = Turns(asyncio.get_running_loop())
    done: list[str] = []
    assert turns.ask(lambda: done.append("a"))
    assert turns.ask(lambda: (done.append("b"), turns.ask(lambda: done.append("d"))))
    assert turns.ask(lambda: done.append("c"))
    seen = []
    for _ in range(5):
        await asyncio.sleep(0)
        seen.append("".join(done))
    assert seen == ["a", "ab", "abc", "abcd", "abcd"]


async def test_past_the_bound_nobody_waits() -> None:
    turns = Turns(asyncio.get_running_loop())
    done: list[int] = []
    asked = [turns.ask(lambda: done.append(1)) for _ in range(MOST + 1)]
    assert asked == [True] * MOST + [False]
    while len(done) < MOST:
        await asyncio.sleep(0)
    assert turns.ask(lambda: None)


async def test_bodies_in_crumbs_come_whole_and_what_follows_them_too() -> None:
    limits = fakes.Limits(1024 * 1024, 30.0, None, None, frozenset())
    plan = fakes.plan(fakes.source(limits=limits), routes=[fakes.route()])

    async def send(one, number: int) -> list[int]:
        async with one.connection() as (reader, writer):
            body = bytes([97 + number]) * 50_000
            crumbs = b"".join(chunked([body[:1]] * len(body), id=f"crumbs-{number}"))
            large = b"".join(chunked([body * 6] * 3, id=f"large-{number}"))
            writer.write(crumbs + post(id=f"next-{number}") + large)
            return [(await read_response(reader)).status for _ in range(3)]

    async with gate(plan) as one:
        statuses = await asyncio.gather(*(send(one, number) for number in range(8)))
    assert statuses == [[202, 202, 202]] * 8
    bodies = {event.provider_id: a.body for a in one.store.admissions for event in a.events}
    for number in range(8):
        body = bytes([97 + number]) * 50_000
        assert bodies[f"crumbs-{number}"] == body
        assert bodies[f"large-{number}"] == body * 18


async def test_a_body_in_crumbs_has_its_deadline_too() -> None:
    limits = fakes.Limits(1024 * 1024, 0.3, None, None, frozenset())
    plan = fakes.plan(fakes.source(limits=limits), routes=[fakes.route()])
    async with gate(plan) as one, one.connection() as (reader, writer):
        writer.write(chunked([])[0] + b"1\r\nx\r\n" * 20_000)
        assert (await read_response(reader)).status == 408
        writer.close()
