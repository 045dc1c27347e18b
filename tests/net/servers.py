"""Servers that answer with bytes of the test's choice, and keep what they were sent."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from gateway.net.egress import Call, Egress
from gateway.net.sending import Answer

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Raw:
    """A server's address, and each head it was sent."""

    port: int = 0
    heads: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"


@asynccontextmanager
async def raw(serve: Serve) -> AsyncIterator[Raw]:
    """Serves requests whose body is `BODY`."""
    one = Raw()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                one.heads.append(head)
                await reader.readexactly(len(BODY))
                await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()


def says(text: bytes, *, close: bool = False) -> Serve:
    """Always the same answer."""

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()
        if close:
            writer.close()

    return serve


BODY = b"{\n\n}"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nRetry-After: 9\r\nSet-Cookie: a=b\r\n\r\nok"
JSON = "Content-Type: application/json\r\n"


async def send(
    url: str,
    *,
    times: int = 1,
    seconds: float = 5.0,
    connect: float = 1.0,
    headers: str = JSON,
) -> list[Answer]:
    """Sends the same call so many times through one way out."""
    out = Egress()
    try:
        call = Call(url, headers, BODY, seconds, connect)
        return [await out.send(call) for _ in range(times)]
    finally:
        await out.close()
