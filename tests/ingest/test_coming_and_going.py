"""How connections begin and end: many at once, and senders who end their side before the answer."""

import asyncio
import socket
from contextlib import ExitStack, suppress

from tests import fakes
from tests.ingest.wire import BODY, Gate, Response, chunked, gate, post, read_response


def orders():
    return fakes.plan(fakes.source(), routes=[fakes.route()])


async def half_closed(one: Gate, data: bytes) -> list[Response]:
    """All answers to a sender who ends its side right behind what it sends."""
    async with one.connection() as (reader, writer):
        writer.write(data)
        writer.write_eof()
        answers: list[Response] = []
        with suppress(asyncio.IncompleteReadError):
            while True:
                answers.append(await read_response(reader))
        return answers


async def test_who_comes_while_nobody_is_taken_waits_and_is_not_sent_away() -> None:
    """The loop stands still meanwhile: the system alone keeps them."""
    async with gate(orders()) as one:
        with ExitStack() as stack:
            for _ in range(400):
                where = ("127.0.0.1", one.port)
                stack.enter_context(socket.create_connection(where, timeout=0.5))
        assert (await one.send(post())).status == 202


async def test_who_ends_its_side_hears_what_became_of_its_requests() -> None:
    """They were stored all the same, and the sender, not knowing, would have sent them again."""
    three = post(id="id-1") + b"".join(chunked([BODY], id="id-2")) + post(path="/nowhere")
    async with gate(orders()) as one:
        answers = await half_closed(one, three)
    assert [answer.status for answer in answers] == [202, 202, 404]
    assert len(one.store.admissions) == 2


async def test_who_ends_its_side_behind_what_is_no_http_hears_of_it() -> None:
    async with gate(orders()) as one:
        answers = await half_closed(one, b"garbage\r\n\r\n")
    assert [answer.status for answer in answers] == [400]


async def test_who_ends_its_side_while_the_commit_waits_hears_of_it() -> None:
    async with gate(orders()) as one:
        arrived, go_on = one.hold_commits()
        async with one.connection() as (reader, writer):
            writer.write(post())
            await arrived.wait()
            writer.write_eof()
            await asyncio.sleep(0)
            go_on.set()
            assert (await read_response(reader)).status == 202
            assert await reader.read() == b""


async def test_who_is_gone_amid_the_second_of_two_requests_makes_no_mistake_of_ours() -> None:
    """The answer to the first finds nobody; the body of the second is waited for no more."""
    async with gate(orders()) as one:
        ours, theirs = socket.socketpair()
        await asyncio.get_running_loop().connect_accepted_socket(one.server, ours)
        theirs.sendall(post(path="/nowhere") + post()[:-5])
        theirs.close()
        await one.settled(2)
        assert one.ears.outcomes == ["unknown_source", "malformed"]
        assert one.ears.reports == []


async def test_who_ends_its_side_amid_a_request_hears_of_those_before_it() -> None:
    data = post(id="id-1")
    async with gate(orders()) as one:
        assert await half_closed(one, b"") == []
        assert await half_closed(one, data[:50]) == []
        assert [a.status for a in await half_closed(one, data[:-5])] == [400]
        assert [a.status for a in await half_closed(one, data + data[:50])] == [202]
        assert [a.status for a in await half_closed(one, data + data[:-5])] == [200, 400]
    assert one.ears.outcomes == ["malformed", "accepted", "duplicate", "malformed"]


async def test_a_stop_ends_at_once_who_has_just_come_and_said_nothing() -> None:
    """Before: unread until the deadline for headers, and the stop waited as long."""
    loop = asyncio.get_running_loop()
    async with gate(orders()) as one, asyncio.timeout(5):

        def comes_before() -> asyncio.Protocol:
            loop.call_soon(loop.call_soon, one.server.pre_shutdown)  # between its two first steps
            return one.server()

        for comes in (comes_before, one.server):
            ours, theirs = socket.socketpair()
            theirs.setblocking(False)
            await loop.connect_accepted_socket(comes, ours)
            with theirs:
                assert await loop.sock_recv(theirs, 1) == b""
