"""A gateway as a process of its own, so that a test may kill it."""

import asyncio
import os
import random
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import aiohttp

from tests.app.running import BASE, ENV

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    """A port nobody has now, below those that the kernel gives to whoever asks for any: it is still
    free when the process asks for it, whatever other tests do meanwhile."""
    while True:
        port = random.randrange(20_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@dataclass
class Process:
    """`gateway serve` in a folder; started, killed and started again on the same ports."""

    folder: Path
    public: str
    admin: str
    process: asyncio.subprocess.Process | None = None
    log: Path | None = None
    """Where its log goes; None: where that of the tests goes."""
    level: str = "warning"

    def command(self) -> Sequence[str]:
        """What comes before `serve`."""
        return (sys.executable, "-m", "gateway")

    def environ(self) -> Mapping[str, str]:
        """Beside what this process has."""
        return ENV

    async def start(self, session: aiohttp.ClientSession) -> None:
        """Returns when it is ready. Raises `Died`, or TimeoutError where it never is."""
        with ExitStack() as stack:
            log = None if self.log is None else stack.enter_context(self.log.open("ab"))
            self.process = await asyncio.create_subprocess_exec(
                *self.command(), "serve", "-c", str(self.folder / "routes.yaml"),
                "--log-level", self.level, env={**os.environ, **self.environ()}, cwd=ROOT,
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        async with asyncio.timeout(60):
            while not await self._ready(session):
                if self.process.returncode is not None:
                    raise Died(self.process.returncode)
                await asyncio.sleep(0.02)

    async def _ready(self, session: aiohttp.ClientSession) -> bool:
        with suppress(aiohttp.ClientError):
            async with session.get(f"{self.admin}/readyz") as answer:
                return answer.status == 200
        return False

    async def end(self, number: signal.Signals) -> int:
        """Sends a signal and gives the exit code."""
        assert self.process is not None
        with suppress(ProcessLookupError):
            self.process.send_signal(number)
        return await self.process.wait()


class Died(AssertionError):
    """The process ended before it answered."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the gateway ended with {code} before it answered")
        self.code = code


P = TypeVar("P", bound=Process)


@asynccontextmanager
async def process(
    folder: Path, sink: str, text: str = BASE, kind: type[P] = Process
) -> AsyncIterator[P]:
    """A configured process, not started; killed at the end if it still runs. sink: a URL."""
    public, admin = free_port(), free_port()
    text = text.replace('server: {listen: "127.0.0.1:0"', f'server: {{listen: "127.0.0.1:{public}"')
    text = text.replace('admin: {listen: "127.0.0.1:0"', f'admin: {{listen: "127.0.0.1:{admin}"')
    (folder / "routes.yaml").write_text(text.replace("RECEIVER", sink))
    one = kind(folder, f"http://127.0.0.1:{public}", f"http://127.0.0.1:{admin}")
    try:
        yield one
    finally:
        if one.process is not None and one.process.returncode is None:
            await one.end(signal.SIGKILL)
