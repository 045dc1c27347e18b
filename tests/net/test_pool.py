"""Connections that are kept: the latest first, none too old, none that ended meanwhile."""

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import cast

import pytest

from gateway.net.dial import Dialer
from gateway.net.egress import Call, Egress
from gateway.net.http1 import Connection
from gateway.net.place import Place, place
from gateway.net.pool import KEPT, Pool
from tests.net.servers import BODY, JSON, OK, raw, says

HERE, THERE = place("http://a.test/x"), place("https://a.test/x")


@dataclass(eq=False)
class Kept:
    usable: bool = True
    ended: bool = False

    def abort(self) -> None:
        self.ended, self.usable = True, False


@dataclass
class Never:
    dialed: list[Place] = field(default_factory=list)


def pool() -> Pool:
    return Pool(cast("Dialer", Never()))


def give(of: Pool, where: Place = HERE) -> Kept:
    one = Kept()
    of.give(where, None, cast("Connection", one))
    return one


async def test_the_latest_of_the_same_place_comes_first() -> None:
    kept = pool()
    first, second, other = give(kept), give(kept), give(kept, THERE)
    assert [kept.kept(HERE, None), kept.kept(place("http://a.test/y"), None), kept.kept(HERE, None)] == [
        second, first, None,
    ]  # fmt: skip
    assert kept.kept(THERE, None) is other


async def test_another_certificate_is_another_connection() -> None:
    kept = pool()
    one, other = (ssl.create_default_context() for _ in range(2))
    connection = cast("Connection", Kept())
    kept.give(THERE, one, connection)
    assert [kept.kept(THERE, other), kept.kept(THERE, None)] == [None, None]
    assert kept.kept(THERE, one) is connection


async def test_what_ended_is_neither_kept_nor_given_out() -> None:
    kept = pool()
    first, second = give(kept), give(kept)
    second.usable = False
    assert kept.kept(HERE, None) is first
    kept.give(HERE, None, cast("Connection", second))
    assert kept.kept(HERE, None) is None


async def test_what_is_idle_too_long_is_closed_and_the_timer_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    now, timers = [100.0], []
    monkeypatch.setattr(loop, "time", lambda: now[0])
    monkeypatch.setattr(loop, "call_later", lambda _, call: timers.append(call) or timers)
    kept = pool()
    old = give(kept)
    now[0] += KEPT - 1
    young = give(kept)
    now[0] += 2
    timers.pop()()
    assert (old.ended, young.ended) == (True, False)
    now[0] += KEPT
    timers.pop()()
    assert young.ended
    assert timers == []
    old = give(kept)
    now[0] += KEPT
    assert kept.kept(HERE, None) is None
    assert old.ended


async def test_the_end_closes_all() -> None:
    kept = pool()
    all_of_them = [give(kept), give(kept, THERE)]
    kept.close()
    assert all(one.ended for one in all_of_them)


async def test_a_canceled_attempt_leaves_no_connection_to_the_next() -> None:
    answers: list[bytes] = []

    async def late(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if answers:
            writer.write(answers.pop())
        else:
            answers.append(OK)  # the second request of one connection would get the first's answer

    async with raw(late) as server:
        out = Egress()
        call = Call(server.url, JSON, BODY, 5.0, 1.0)
        first = out.send(call)
        while not server.heads:
            await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert (await out.send(call)).status == 200
        await out.close()


async def test_one_connection_serves_one_after_the_other() -> None:
    ports = set()

    async def notes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ports.add(writer.get_extra_info("peername")[1])
        await says(OK)(reader, writer)

    async with raw(notes) as server:
        out = Egress()
        call = Call(server.url, JSON, BODY, 5.0, 1.0)
        for _ in range(5):
            assert (await out.send(call)).status == 200
        assert len(ports) == 1
        await asyncio.gather(*[out.send(call) for _ in range(5)])
        assert len(ports) == 5
        await out.close()
