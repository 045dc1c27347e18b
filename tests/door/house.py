"""A gateway as a process under attack: its vital signs, and the real sender who goes on meanwhile.

What an attack sends is each test's business. Whatever it is, `House.attack` holds the gateway to
the same promises: good requests answered within two seconds, memory and descriptors bounded and
given back, nothing of a request and no traceback in the log.
"""

import asyncio
import json
import re
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import orjson

from bench.processes import family
from tests.app.process import ROOT, Process, process
from tests.app.running import SECRET
from tests.door.sender import Answered
from tests.ingest.wire import Response, read_response

_SIGNED = f"""
    provider: custom
    verify: {{scheme: hmac, header: X-Signature, algorithm: sha256, encoding: hex,
             prefix: "sha256=", signed: "{{body}}"}}
    secrets: ["{SECRET}"]"""
CONFIG = f"""\
version: 1
server: {{listen: "127.0.0.1:0", public_url: "https://hooks.example.com"}}
admin: {{listen: "127.0.0.1:0"}}
store: {{min_free: 1MiB}}
sources:
  github: {{provider: github, secrets: ["${{GITHUB_SECRET}}"]}}
  orders: {_SIGNED}
    event_id: header.X-Id
    limits: {{body: 64KiB, deadline: 1s}}
  packed: {_SIGNED}
    limits: {{body: 1MiB, encodings: [gzip]}}
  roomy: {_SIGNED}
    limits: {{body: 25MiB, encodings: [gzip]}}
  patient: {_SIGNED}
    event_id: header.X-Id
    limits: {{body: 64KiB, per_address: 5/s}}
  shut: {_SIGNED}
    closed: true
  private: {_SIGNED}
    allow_ips: [192.0.2.0/24]
targets: {{}}
routes: []
"""
WITHIN = 2.0
"""Seconds in which a good request is answered, whatever goes on beside it. What the machine gives
to other processes meanwhile is not counted: tests run where others work."""
MIB = 1024 * 1024
MEMORY = 192 * MIB
"""Bytes resident more than at the start of the process, whatever was done to it until now."""
MARK = "ECHO-OF-A-STRANGER"
"""Attacks carry it wherever they can: it must come back nowhere."""


@dataclass
class House:
    """The gateway, and what can be seen of it from outside."""

    process: Process
    session: aiohttp.ClientSession
    port: int
    pid: int
    log: Path
    sender: asyncio.subprocess.Process
    base: int = 0
    """Bytes resident when it had answered its first requests."""
    seen: int = 0
    """Bytes of the log that were looked at."""

    def memory(self) -> int:
        """Bytes resident."""
        return resident(self.pid)

    def peak(self) -> int:
        """The most bytes resident since `forget_peak`."""
        return sum(int(_status(one, "VmHWM")) for one in family(self.pid)) * 1024

    def forget_peak(self) -> None:
        """Begins a new peak (proc(5), clear_refs)."""
        for one in family(self.pid):
            Path(f"/proc/{one}/clear_refs").write_text("5")

    def descriptors(self) -> int:
        return sum(len(list(Path(f"/proc/{one}/fd").iterdir())) for one in family(self.pid))

    async def outcomes(self) -> Counter[tuple[str, str]]:
        """Requests so far by source and outcome, as the metrics have them."""
        async with self.session.get(f"{self.process.admin}/metrics") as answer:
            text = await answer.text()
        found = re.findall(
            r'^gateway_requests_total\{outcome="(\w+)",source="(\w+)"\} (\S+)', text, re.MULTILINE
        )
        return Counter({(source, outcome): int(float(n)) for outcome, source, n in found})

    @asynccontextmanager
    async def connection(
        self,
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    async def send(self, *writes: bytes) -> Response:
        """Raw bytes on a connection of their own, and the one answer to them."""
        async with self.connection() as (reader, writer):
            await write(writer, *writes)
            return await read_response(reader)

    async def dialogue(self, *writes: bytes) -> list[Response]:
        """All answers until the gateway closes the connection."""
        async with self.connection() as (reader, writer):
            await write(writer, *writes)
            return await until_closed(reader)

    async def back_to(self, descriptors: int) -> None:
        """Until it has no more of them open than that."""
        async with asyncio.timeout(30):
            while self.descriptors() > descriptors:
                await asyncio.sleep(0.02)

    @asynccontextmanager
    async def good_sender(self) -> AsyncIterator[Answered]:
        """Good requests for as long as this lasts; what came of them is known at its end."""
        assert self.sender.stdin is not None
        assert self.sender.stdout is not None
        said = Answered()
        self.sender.stdin.write(b"go\n")
        try:
            yield said
        finally:
            self.sender.stdin.write(b"stop\n")
            vars(said).update(json.loads(await self.sender.stdout.readline()))

    @asynccontextmanager
    async def attack(
        self, name: str, *, memory: int = MEMORY, descriptors: int = 300
    ) -> AsyncIterator[None]:
        """Everything that must hold whatever happens inside.

        memory: bytes more than at the start of the process. descriptors: more than before.
        """
        before = self.descriptors()
        self.forget_peak()
        most = Highest(self.descriptors)
        try:
            async with self.good_sender() as good:
                yield
        finally:
            most.end()
        await self.back_to(before + 2)  # connections of the metrics' reader come and go
        grown = self.peak() - self.base
        print(
            f"\n{name}: {good.answered} good requests beside it, the slowest took"
            f" {good.slowest * 1000:.0f} ms, {good.slowest_own * 1000:.0f} ms of them not the"
            f" machine's; memory at most {grown / MIB:+.0f} MiB, descriptors at most"
            f" {most.value - before:+d}"
        )
        assert not good.failure, f"the real sender: {good.failure}"
        assert good.slowest_own <= WITHIN
        assert grown <= memory, f"{grown / MIB:.0f} MiB more than at the start"
        assert most.value - before <= descriptors + 4, "descriptors of its own files and the sender"
        self.quiet()

    def quiet(self) -> None:
        """The log since the last look says nothing of what was sent, and shows no traceback."""
        text = self.log.read_text(errors="replace")[self.seen :]
        self.seen += len(text)
        assert "Traceback" not in text, text
        assert "unexpected" not in text, text
        assert MARK not in text, text


class Highest(threading.Thread):
    """Looks at a number again and again, and keeps the highest."""

    def __init__(self, look) -> None:
        super().__init__(name="highest", daemon=True)
        self._look = look
        self._over = threading.Event()
        self.value = look()
        self.start()

    def run(self) -> None:
        while not self._over.wait(0.01):
            self.value = max(self.value, self._look())

    def end(self) -> None:
        self._over.set()
        self.join()


@asynccontextmanager
async def house(
    folder: Path, text: str = CONFIG, kind: type[Process] = Process
) -> AsyncIterator[House]:
    """A gateway that has answered its first requests."""
    async with process(folder, "", text, kind) as one, aiohttp.ClientSession() as session:
        one.log, one.level = folder / "log", "debug"
        await one.start(session)
        assert one.process is not None
        port, pid = int(one.public.rsplit(":", 1)[1]), one.process.pid
        sender = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.door.sender", str(port), str(pid), cwd=ROOT,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        made = House(one, session, port, pid, one.log, sender)
        try:
            async with made.good_sender():
                # Opens the refused log, and the metrics' connection.
                await made.send(b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")
                await made.outcomes()
            made.base = made.memory()
            yield made
        finally:
            sender.kill()
            await sender.wait()
        made.quiet()


@asynccontextmanager
async def crowd(
    one: House, number: int
) -> AsyncIterator[Sequence[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]:
    """So many connections, all open at once."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(one.connection()) for _ in range(number)]


async def write(writer: asyncio.StreamWriter, *writes: bytes) -> None:
    """As long as the other end takes it."""
    with suppress(ConnectionError):
        for data in writes:
            writer.write(data)
            await writer.drain()


async def until_closed(reader: asyncio.StreamReader) -> list[Response]:
    """Every answer that comes before the end of a connection, which must come."""
    answers: list[Response] = []
    async with asyncio.timeout(30):
        while True:
            try:
                answers.append(await read_response(reader))
            except (asyncio.IncompleteReadError, ConnectionError):
                return answers


def is_ours(answer: Response, status: int = 400) -> None:
    """A problem document of ours, which holds nothing of the request."""
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Server"] == "gateway"
    problem = orjson.loads(answer.body)
    assert sorted(problem) == ["detail", "request_id", "status", "title"]
    assert problem["status"] == status
    said = str(answer.headers).encode() + answer.body
    assert MARK.encode() not in said
    assert b"Traceback" not in said


async def together(works: Sequence) -> list:
    """All of them at once."""
    return await asyncio.gather(*works)


def resident(pid: int) -> int:
    """Bytes of a gateway that are in memory: of both its processes."""
    return sum(int(_status(one, "VmRSS")) for one in family(pid)) * 1024


def _status(pid: int, name: str) -> str:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return line.split()[1]
    raise AssertionError(f"no {name} of process {pid}")
