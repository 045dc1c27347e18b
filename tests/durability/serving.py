"""Gateways as processes: under strace, under a shim, weakened, or told to die at a point.

And the load on them. What a crash does to them is each test's business.
"""

import asyncio
import hashlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import orjson

from tests.app.process import Process
from tests.app.running import signed_push

COMMITS = 50
"""In the push that `body_of` makes: 7.5 KB."""


def body_of(id: str) -> bytes:
    """A push of a real one's size that nobody else sends, and that does not shrink to nothing."""
    seeds = (hashlib.sha512(f"{id} {number}".encode()).hexdigest() for number in range(COMMITS))
    commits = [{"id": seed[:40], "message": seed[40:]} for seed in seeds]
    return orjson.dumps({"ref": "refs/heads/main", "commits": commits})


@dataclass
class Serving(Process):
    """A process whose command line and environment a test changes between its lives."""

    prefix: Sequence[str] = ()
    """Before the interpreter: `strace …`."""
    env: Mapping[str, str] = field(default_factory=dict)
    acknowledged: dict[str, str] = field(default_factory=dict)
    """The id that each acknowledged event got, under its provider's id."""
    unanswered: set[str] = field(default_factory=set)
    """Sent while the process died: their senders cannot know, and send again."""
    unavailable: int = 0

    def command(self) -> Sequence[str]:
        return (*self.prefix, sys.executable, "-m", "tests.durability.entry")

    def environ(self) -> Mapping[str, str]:
        return {**super().environ(), **self.env}

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
        self.unanswered.add(id)
        async with session.post(f"{self.public}/in/github", data=body, headers=headers) as got:
            raw = await got.read()
        self.unanswered.discard(id)
        if got.status in {200, 202}:
            answer = orjson.loads(raw)
            assert self.acknowledged.setdefault(id, answer["id"]) == answer["id"]
        else:
            assert got.status == 503, (got.status, raw)
            assert int(got.headers["Retry-After"]) > 0
            self.unavailable += 1
        return got.status

    async def load(
        self,
        session: aiohttp.ClientSession,
        name: str,
        count: int,
        senders: int = 8,
        body: Callable[[str], bytes] | None = None,
    ) -> None:
        """Unique pushes, `senders` at a time, until `count` were sent or the process is gone.

        body: of the push with that id.
        """
        numbers = iter(range(count))

        async def sender() -> None:
            for number in numbers:
                id = f"{name}-{number}"
                try:
                    await self.send(session, id, body(id) if body else None)
                except aiohttp.ClientError:
                    return

        await asyncio.gather(*(sender() for _ in range(senders)))
