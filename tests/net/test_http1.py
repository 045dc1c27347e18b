"""One connection's answers, bytes by bytes: where each ends, what is kept, what ends the connection."""

import asyncio
from dataclasses import dataclass

import pytest

from gateway.net.http1 import HEAD_MAX, Broken, Connection, HeadTooLarge
from tests.delivery.virtual import run

REQUEST = (b"POST / HTTP/1.1\r\n\r\n", b"{}")


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.ended = False
        self.unsent = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += bytes(data)

    def abort(self) -> None:
        self.ended = True

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def is_closing(self) -> bool:
        return self.ended


@dataclass(frozen=True)
class Reply:
    """An answer."""

    status: int
    retry_after: str | None
    body: bytes
    whole: bool


class Asks(asyncio.Future[Reply]):
    """Whoever made a request, as a future of what he hears."""

    def answered(self, status: int, retry_after: str | None, body: bytes, *, whole: bool) -> None:
        self.set_result(Reply(status, retry_after, body, whole))

    def failed(self, error: Exception) -> None:
        self.set_exception(error)


def connected() -> tuple[Connection, Wire]:
    connection, wire = Connection(), Wire()
    connection.connection_made(wire)
    return connection, wire


def exchange(connection: Connection, keep: int = 10, at_most: int = 100) -> asyncio.Future[Reply]:
    return lasting(connection, 60.0, keep, at_most)


def lasting(
    connection: Connection, seconds: float, keep: int = 10, at_most: int = 100
) -> asyncio.Future[Reply]:
    """An exchange with a deadline."""
    until = asyncio.get_running_loop().time() + seconds
    asks = Asks()
    connection.exchange(REQUEST, asks, keep=keep, at_most=at_most, until=until)
    return asks


LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nRetry-After: 9\r\n\r\nok"
CHUNKS = b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1;x=y\r\nk\r\n0\r\nT: x\r\n\r\n"
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nRetry-After: 7\r\n\r\n"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (LENGTH, 200, b"ok"),
        (CHUNKS, 500, b"ok"),
        (INTERIM + CHUNKS, 500, b"ok"),
        (EMPTY, 204, b""),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", 304, b""),
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, b""),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", 200, b"ok"),
        (b"HTTP/1.1 200 OK\r\nX: \x01\x80\r\nContent-Length: 2\r\n\r\nok", 200, b"ok"),
    ],
    ids=["length", "chunks", "interim", "204", "304", "no reason", "bare LF", "odd bytes"],
)
async def test_an_answer_is_the_same_however_its_bytes_come(
    answer: bytes, status: int, body: bytes
) -> None:
    connection, wire = connected()
    for at in range(len(answer) + 1):
        future = exchange(connection)
        connection.data_received(answer[:at])
        connection.data_received(answer[at:]) if at < len(answer) else None
        reply = await future
        assert (reply.status, reply.body, reply.whole) == (status, body, True)
        assert reply.retry_after == ("9" if answer is LENGTH else None)
        assert connection.usable
    assert wire.sent == b"".join(REQUEST) * (len(answer) + 1)


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"],
)  # fmt: skip
async def test_an_answer_without_a_length_ends_with_its_connection(head: bytes) -> None:
    connection, _ = connected()
    future = exchange(connection)
    connection.data_received(head + b"o")
    connection.data_received(b"k")
    assert not future.done()
    connection.connection_lost(None)
    assert (await future).body == b"ok"
    assert not connection.usable


@pytest.mark.parametrize(
    "answer",
    [
        LENGTH[:-1],
        CHUNKS[:-2],
        b"HTTP/1.1 200 OK\r\n",
        INTERIM,
        b"",
        b"SMTP\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    ],
)
async def test_half_an_answer_or_none_is_broken(answer: bytes) -> None:
    connection, wire = connected()
    future = exchange(connection)
    if answer:
        connection.data_received(answer)
    connection.connection_lost(None)
    with pytest.raises(Broken):
        await future
    assert not connection.usable
    assert wire.sent == b"".join(REQUEST)


async def test_what_is_not_wanted_is_cut_off_and_ends_the_connection() -> None:
    connection, wire = connected()
    future = exchange(connection, keep=3, at_most=5)
    connection.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789")
    assert await future == Reply(200, None, b"123", whole=False)
    assert wire.ended


async def test_an_answer_before_the_whole_request_counts_and_ends_the_connection() -> None:
    connection, wire = connected()
    wire.unsent = 1
    future = exchange(connection)
    connection.data_received(LENGTH)
    assert (await future).status == 200
    assert wire.ended
    assert not connection.usable


async def test_exactly_as_much_as_is_allowed_is_whole() -> None:
    connection, wire = connected()
    future = exchange(connection, keep=3, at_most=9)
    connection.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789")
    assert await future == Reply(200, None, b"123", whole=True)
    assert not wire.ended


@pytest.mark.parametrize(
    "piece",
    [b"X: " + b"y" * 100 + b"\r\n", b"y" * 1000, b"\r\n\r\nHTTP/1.1 103 E\r\nA: b"],
    ids=["headers", "one header", "interim answers"],
)
async def test_a_head_without_end_is_too_large(piece: bytes) -> None:
    connection, wire = connected()
    future = exchange(connection)
    connection.data_received(b"HTTP/1.1 103 E\r\nA: b")
    sent = 0
    while not future.done():
        connection.data_received(piece)
        sent += len(piece)
        assert sent < 2 * HEAD_MAX
    with pytest.raises(HeadTooLarge):
        await future
    assert wire.ended


@pytest.mark.parametrize("extra", [LENGTH, b"x", b"\r\n"])
async def test_what_comes_unasked_never_answers_the_next_request(extra: bytes) -> None:
    """Before the next request it ends the connection; with the answer before it, too."""
    connection, wire = connected()
    future = exchange(connection)
    connection.data_received(LENGTH)
    assert (await future).status == 200
    connection.data_received(extra)
    assert wire.ended
    assert not connection.usable
    connection, wire = connected()
    future = exchange(connection)
    connection.data_received(LENGTH + extra)
    assert (await future).status == 200
    assert not connection.usable or extra == b"\r\n"  # RFC 9112, 2.2: an empty line is nothing


async def test_a_lost_connection_takes_no_request() -> None:
    connection, wire = connected()
    connection.connection_lost(None)
    with pytest.raises(Broken):
        await exchange(connection)
    assert wire.sent == b""


def test_a_deadline_ends_exchange_and_connection() -> None:
    async def main() -> None:
        connection, wire = connected()
        future = lasting(connection, 5.0)
        with pytest.raises(TimeoutError):
            await future
        assert asyncio.get_running_loop().time() == 5.0
        connection.data_received(LENGTH)
        assert wire.ended

    run(main())


@pytest.mark.parametrize("second", [3.0, 10.0, 30.0])
def test_each_exchange_of_a_connection_has_its_own_deadline(second: float) -> None:
    async def main() -> None:
        connection, _ = connected()
        first = lasting(connection, 10.0)
        await asyncio.sleep(1.0)
        connection.data_received(LENGTH)
        await first
        began = asyncio.get_running_loop().time()
        with pytest.raises(TimeoutError):
            await lasting(connection, second)
        assert asyncio.get_running_loop().time() == began + second

    run(main())


def test_a_deadline_that_passes_between_two_exchanges_is_nobodys() -> None:
    async def main() -> None:
        connection, wire = connected()
        first = lasting(connection, 10.0)
        connection.data_received(LENGTH)
        await first
        await asyncio.sleep(20.0)
        assert connection.usable
        second = lasting(connection, 10.0)
        await asyncio.sleep(9.0)
        connection.data_received(LENGTH)
        assert (await second).status == 200
        assert not wire.ended

    run(main())
