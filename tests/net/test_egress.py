"""The way out against real sockets: each error class, one deadline, and nothing sent twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from unittest import mock

import pytest

from gateway.model.states import ErrorClass
from gateway.net import egress as module
from gateway.net.egress import Answer, Call, Egress

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Raw:
    """A server that answers with bytes, and keeps what it was sent."""

    url: str = ""
    heads: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def raw(serve: Serve) -> AsyncIterator[Raw]:
    one = Raw()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                one.heads.append(head)
                await reader.readexactly(4)
                await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    one.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks"
    try:
        yield one
    finally:
        server.close()


def says(text: bytes, *, close: bool = False) -> Serve:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()
        if close:
            writer.close()

    return serve


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nRetry-After: 9\r\nSet-Cookie: a=b\r\n\r\nok"


async def send(url: str, *, times: int = 1, seconds: float = 5.0) -> list[Answer]:
    out = Egress()
    try:
        call = Call(url, (("Content-Type", "application/json"),), b"{\n\n}", seconds, 1.0)
        return [await out.send(call) for _ in range(times)]
    finally:
        await out.close()


async def test_an_answer_is_given_with_its_excerpt_and_no_cookie_is_kept() -> None:
    async with raw(says(OK)) as server:
        first, second = await send(server.url, times=2)
    assert (first.status, first.error, first.excerpt, first.retry_after) == (200, None, b"ok", "9")
    assert second.status == 200
    assert b"cookie" not in server.heads[1].lower()
    assert b"user-agent" not in server.heads[0].lower()


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    moved = b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/x\r\nContent-Length: 0\r\n\r\n"
    async with raw(says(moved)) as server:
        (answer,) = await send(server.url)
    assert answer.status == 307
    assert len(server.heads) == 1


async def test_an_answer_without_end_is_cut_and_still_an_answer() -> None:
    async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x" * 65536)
            await writer.drain()

    async with raw(pour) as server:
        (answer,) = await send(server.url)
    assert answer.status == 200
    assert answer.excerpt == b"x" * 1024


async def test_a_post_is_never_sent_twice_when_a_kept_connection_breaks() -> None:
    seen = 0

    async def once(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal seen
        seen += 1
        if seen == 1:
            writer.write(OK)
            await writer.drain()
        else:
            writer.transport.abort()

    async with raw(once) as server:
        first, second = await send(server.url, times=2)
    assert first.status == 200
    assert second.error is ErrorClass.RESET
    assert len(server.heads) == 2


@pytest.mark.parametrize(
    "text",
    [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"],
    ids=["nothing", "no HTTP", "half an answer"],
)
async def test_a_broken_answer_is_a_reset_and_no_success(text: bytes) -> None:
    async with raw(says(text, close=True)) as server:
        (answer,) = await send(server.url)
    assert (answer.status, answer.error) == (None, ErrorClass.RESET)


async def test_a_dripping_answer_ends_at_the_deadline() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")
        await writer.drain()
        await reader.read()

    async with raw(drip) as server:
        (answer,) = await send(server.url, seconds=0.2)
    assert (answer.status, answer.error) == (None, ErrorClass.TIMEOUT)


async def test_a_closed_port_refuses() -> None:
    async with raw(says(OK)) as server:
        url = server.url
    (answer,) = await send(url)
    assert answer.error is ErrorClass.REFUSED


async def test_a_name_that_does_not_resolve() -> None:
    (answer,) = await send("http://nothing.invalid/hooks")
    assert answer.error is ErrorClass.DNS
    assert "nothing.invalid" not in answer.message


async def test_plain_http_where_tls_is_wanted() -> None:
    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        (answer,) = await send(f"https://127.0.0.1:{port}/hooks")
    assert answer.error in {ErrorClass.TLS, ErrorClass.RESET}


async def test_a_forbidden_peer_is_not_written_to() -> None:
    async with raw(says(OK)) as server:
        with mock.patch.object(module, "forbidden", return_value=True):
            (answer,) = await send(server.url)
    assert answer.error is ErrorClass.REFUSED
    assert "metadata" in answer.message
    assert server.heads == []


async def test_a_proxy_of_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with raw(says(OK)) as server:
        (answer,) = await send(server.url)
    assert answer.status == 200
