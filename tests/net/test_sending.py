"""A request under way: what becomes of it, and of its connection, when nobody waits any more."""

import asyncio
import time

import pytest

from gateway.model.states import ErrorClass
from gateway.net.dial import Dialer
from gateway.net.http1 import Connection
from gateway.net.place import place
from gateway.net.pool import Pool
from gateway.net.sending import Outgoing, Sending
from tests.net.test_http1 import LENGTH, REQUEST, Wire, connected

WHERE = place("http://one.test/hooks")


def sent() -> tuple[Sending, Connection, Wire, Pool]:
    connection, wire = connected()
    pool, until = Pool(Dialer()), asyncio.get_running_loop().time() + 60.0
    out = Outgoing(WHERE, None, REQUEST, 10, 100, time.perf_counter(), until)
    return Sending(out, connection, pool), connection, wire, pool


async def test_an_answer_gives_its_connection_to_the_next() -> None:
    sending, connection, _, pool = sent()
    connection.data_received(LENGTH)
    assert (await sending).status == 200
    assert pool.kept(WHERE, None) is connection


@pytest.mark.parametrize("late", [LENGTH, b""], ids=["an answer", "none"])
async def test_one_that_is_canceled_ends_its_connection_whatever_comes_then(late: bytes) -> None:
    sending, connection, wire, pool = sent()
    sending.cancel()
    assert wire.ended
    if late:
        connection.data_received(late)
    connection.connection_lost(None)
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert pool.kept(WHERE, None) is None


async def test_a_connection_that_is_lost_is_an_answer_too() -> None:
    sending, connection, _, pool = sent()
    connection.connection_lost(None)
    assert (await sending).error is ErrorClass.RESET
    assert pool.kept(WHERE, None) is None


async def test_it_has_one_answer_though_the_connection_is_lost_behind_it() -> None:
    sending, connection, _, _ = sent()
    connection.data_received(LENGTH)
    connection.connection_lost(ConnectionResetError())
    assert (await sending).status == 200


async def test_to_cancel_what_has_its_answer_takes_no_connection_from_the_next() -> None:
    sending, connection, _, pool = sent()
    connection.data_received(LENGTH)
    sending.cancel()
    assert (await sending).status == 200
    assert pool.kept(WHERE, None) is connection
