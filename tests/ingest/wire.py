"""A gate on loopback and a client that writes raw bytes: what a library would not let us send."""

import asyncio
import hashlib
import hmac
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gateway.ingest.body import InFlight
from gateway.ingest.judge import Judge
from gateway.ingest.server import PublicServer, listen
from gateway.plan.plan import Plan
from tests.fakes import SECRET, Clock, Dispatch, Ears, MemoryStore, Pauses

BODY = b'{"type": "order.created", "n": 1}'


@dataclass(frozen=True)
class Response:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.body)


@dataclass
class Gate:
    """A running public listener with fakes around it."""

    plan: Plan
    port: int = 0
    path: Path | None = None
    """Of a Unix socket, instead of the port."""
    server: PublicServer | None = None
    judge: Judge | None = None
    store: MemoryStore = field(default_factory=MemoryStore)
    pauses: Pauses = field(default_factory=Pauses)
    dispatch: Dispatch = field(default_factory=Dispatch)
    ears: Ears = field(default_factory=Ears)
    clock: Clock = field(default_factory=Clock)
    ticks: Clock = field(default_factory=lambda: Clock(1000.0))

    async def send(self, data: bytes, *, close: bool = False) -> Response:
        """One raw request, one response."""
        return (await self.talk(data, expect=1, close=close))[0]

    async def talk(self, *writes: bytes, expect: int, close: bool = False) -> list[Response]:
        """Writes each piece by itself, reads so many responses, and the end if `close`."""
        async with self.connection() as (reader, writer):
            for data in writes:
                writer.write(data)
                await writer.drain()
                await asyncio.sleep(0)
            responses = [await read_response(reader) for _ in range(expect)]
            if close:
                assert await reader.read() == b""
            return responses

    @asynccontextmanager
    async def connection(
        self,
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        if self.path is not None:
            reader, writer = await asyncio.open_unix_connection(self.path)
        else:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            writer.close()

    async def reading(self, bodies: int) -> None:
        """Until so many bodies are on their way."""
        async with asyncio.timeout(5):
            while len(self.in_flight.unfinished) < bodies or not self.in_flight.used:
                await asyncio.sleep(0.001)

    @property
    def in_flight(self) -> InFlight:
        return self.judge._in_flight

    def hold_commits(self) -> tuple[asyncio.Event, asyncio.Event]:
        """From now on commits wait. Gives what says that one does, and what lets them go on."""
        arrived, go_on, accept = asyncio.Event(), asyncio.Event(), self.store.accept

        async def held(admission):
            arrived.set()
            await go_on.wait()
            return await accept(admission)

        self.store.accept = held
        return arrived, go_on

    async def settled(self, requests: int) -> None:
        """Until so many requests have ended."""
        async with asyncio.timeout(5):
            while len(self.ears.counts) < requests:
                await asyncio.sleep(0.001)


@asynccontextmanager
async def gate(
    plan: Plan, *, headers: float = 10.0, keep_alive: float = 75.0, **more: object
) -> AsyncIterator[Gate]:
    """Opens the listener on a free port."""
    bounds = {name: more.pop(name) for name in ("in_flight", "commits") if name in more}
    one = Gate(plan, **more)
    one.judge = judge = Judge(
        plan=lambda: one.plan,
        store=one.store,
        pauses=one.pauses,
        dispatch=one.dispatch,
        refused=one.ears.refused.append,
        metrics=one.ears,
        log=one.ears.lines.append,
        report=one.ears.reports.append,
        clock=one.clock,
        monotonic=one.ticks,
        **bounds,
    )
    one.server = server = PublicServer(judge, headers=headers, keep_alive=keep_alive)
    bound = socket.socket(socket.AF_INET if one.path is None else socket.AF_UNIX)
    bound.bind(("127.0.0.1", 0) if one.path is None else str(one.path))
    bound.setblocking(False)
    one.port = 0 if one.path else bound.getsockname()[1]
    listening = await listen(server, bound)
    try:
        yield one
    finally:
        listening.close()
        await server.shutdown(0.1)


def sign(body: bytes, secret: bytes = SECRET) -> str:
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def post(
    body: bytes = BODY,
    *extra: str,
    path: str = "/in/orders",
    method: str = "POST",
    id: str | None = "id-1",
    signature: str | None = "",
    length: int | None = -1,
    version: str = "1.1",
) -> bytes:
    """A signed request. signature: None leaves it out. length: None leaves Content-Length out."""
    lines = [f"{method} {path} HTTP/{version}", "Host: hooks.example.com"]
    if id is not None:
        lines.append(f"X-Id: {id}")
    if signature is not None:
        lines.append(f"X-Signature: {signature or sign(body)}")
    if length is not None:
        lines.append(f"Content-Length: {len(body) if length < 0 else length}")
    lines += extra
    return "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + body


def chunked(pieces: Sequence[bytes], *extra: str, **more: object) -> list[bytes]:
    """The same in chunks: the head, each chunk, the end."""
    body = b"".join(pieces)
    more.setdefault("signature", sign(body))
    head = post(b"", "Transfer-Encoding: chunked", *extra, length=None, **more)
    return [head, *(b"%x\r\n%b\r\n" % (len(p), p) for p in pieces), b"0\r\n\r\n"]


async def read_response(reader: asyncio.StreamReader, patience: float = 10.0) -> Response:
    """patience: seconds."""
    async with asyncio.timeout(patience):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        status = int(head[0].split()[1])
        length = 0 if status == 100 else int(headers.get("Content-Length", "0"))
        return Response(status, headers, await reader.readexactly(length))
