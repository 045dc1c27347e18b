"""Gateways as processes: under strace, under a shim, weakened, or told to die at a point.

And the load on them. What a crash does to them is each test's business.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import orjson

from tests.app.process import Process, free_port
from tests.app.running import BASE, ENV, signed_push

ROOT = Path(__file__).parents[2]


@dataclass
class Serving(Process):
    """A process whose command line and environment a test changes between its lives."""

    prefix: Sequence[str] = ()
    """Before the interpreter: `strace …`."""
    env: Mapping[str, str] = field(default_factory=dict)
    acknowledged: dict[str, str] = field(default_factory=dict)
    """The id that each acknowledged event got, under its provider's id."""
    unavailable: int = 0

    async def start(self, session: aiohttp.ClientSession) -> None:
        self.process = await asyncio.create_subprocess_exec(
            *self.prefix, sys.executable, "-m", "tests.durability.entry", "serve",
            "-c", str(self.folder / "routes.yaml"), "--log-level", "error",
            env={**os.environ, **ENV, **self.env}, cwd=ROOT, stdin=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        async with asyncio.timeout(60):
            while not await self.answers(session):
                if self.process.returncode is not None:
                    raise Died(self.process.returncode)
                await asyncio.sleep(0.02)

    async def answers(self, session: aiohttp.ClientSession) -> bool:
        with suppress(aiohttp.ClientError):
            async with session.get(f"{self.public}/healthz") as answer:
                return answer.status == 200
        return False

    async def end(self, number: signal.Signals) -> int:
        """Sends a signal to the gateway, not to what traces it; gives the exit code."""
        assert self.process is not None
        pid = self.process.pid
        if self.prefix:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            pid = int(children[0]) if children else pid
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        return await self.process.wait()

    async def send(self, session: aiohttp.ClientSession, id: str, body: bytes | None = None) -> int:
        """One push; its status. Raises `aiohttp.ClientError` where the process is gone."""
        headers, body = signed_push(id, body)
        async with session.post(f"{self.public}/in/github", data=body, headers=headers) as got:
            raw = await got.read()
        if got.status in {200, 202}:
            answer = orjson.loads(raw)
            assert self.acknowledged.setdefault(id, answer["id"]) == answer["id"]
        else:
            assert got.status == 503, (got.status, raw)
            assert int(got.headers["Retry-After"]) > 0
            self.unavailable += 1
        return got.status

    async def load(
        self, session: aiohttp.ClientSession, name: str, count: int, senders: int = 8
    ) -> None:
        """Unique pushes, `senders` at a time, until `count` were sent or the process is gone."""
        numbers = iter(range(count))

        async def sender() -> None:
            for number in numbers:
                try:
                    await self.send(session, f"{name}-{number}")
                except aiohttp.ClientError:
                    return

        await asyncio.gather(*(sender() for _ in range(senders)))


class Died(AssertionError):
    """The process ended before it answered."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the gateway ended with {code} before it answered")
        self.code = code


@asynccontextmanager
async def serving(folder: Path, sink: str, text: str = BASE) -> AsyncIterator[Serving]:
    """A configured process, not started; killed at the end if it still runs. sink: a URL."""
    public, admin = free_port(), free_port()
    text = text.replace('server: {listen: "127.0.0.1:0"', f'server: {{listen: "127.0.0.1:{public}"')
    text = text.replace('admin: {listen: "127.0.0.1:0"', f'admin: {{listen: "127.0.0.1:{admin}"')
    (folder / "routes.yaml").write_text(text.replace("RECEIVER", sink))
    one = Serving(folder, f"http://127.0.0.1:{public}", f"http://127.0.0.1:{admin}")
    try:
        yield one
    finally:
        if one.process is not None and one.process.returncode is None:
            await one.end(signal.SIGKILL)
