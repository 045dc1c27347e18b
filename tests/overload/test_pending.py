"""A backlog of 100,000 pending deliveries: what it costs in memory, and when the gateway is ready."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from bench.stores import copy
from tests.app.process import Process, process
from tests.door.house import MIB, resident
from tests.door.sender import waited

pytestmark = [pytest.mark.asyncio, pytest.mark.slow]

PENDING = 100_000
MEMORY = 120 * MIB
"""Bytes resident that they may cost, beside the same gateway without them."""
READY = 2.0
"""Seconds from its start until it is ready, without those in which the machine ran something else."""
ROUNDS = 3


def config(port: int, targets: Sequence[str]) -> str:
    lines = "\n".join(f'  {name}: {{url: "http://127.0.0.1:{port}/"}}' for name in targets)
    return f"""\
version: 1
server: {{listen: "127.0.0.1:0"}}
admin: {{listen: "127.0.0.1:0"}}
store: {{min_free: 1MiB}}
sources:
  github: {{provider: github, secrets: ["${{GITHUB_SECRET}}"]}}
targets:
{lines}
routes:
  - {{name: all, to: [sink]}}
"""


@asynccontextmanager
async def silent() -> AsyncIterator[int]:
    """A target that takes requests and never answers: its port."""

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


class Ready(Process):
    """Measures itself."""

    def look(self) -> tuple[float, float, int]:
        """Seconds since it began, of them those that were not the machine's, bytes resident."""
        assert self.process is not None
        pid = self.process.pid
        passed = time.clock_gettime(time.CLOCK_BOOTTIME) - started(pid)
        return passed, passed - waited(pid), resident(pid)


def started(pid: int) -> float:
    """When a process began, in seconds since the machine did (proc(5), starttime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[19]) / 100


async def looked(folder: Path, text: str) -> tuple[float, float, int]:
    async with process(folder, "", text, Ready) as one, aiohttp.ClientSession() as session:
        await one.start(session)
        passed, own, _ = one.look()
        async with asyncio.timeout(30):  # until it has read what it keeps of the backlog
            before = 0
            while (now := one.look()[2]) > before:
                before = now
                await asyncio.sleep(0.5)
        return passed, own, now


async def test_a_hundred_thousand_pending_deliveries_cost_little(tmp_path: Path) -> None:
    empty: list[tuple[float, float, int]] = []
    full: list[tuple[float, float, int]] = []
    async with silent() as port:
        for number in range(ROUNDS):
            folder = tmp_path / str(number)
            folder.mkdir()
            empty.append(await looked(folder, config(port, ["sink"])))
            with ExitStack() as stack:
                store = await asyncio.to_thread(stack.enter_context, copy(PENDING, routed=True))
                full.append(await looked(store, config(port, ["sink"])))
    for name, looks in (("idle", empty), (f"with {PENDING:,} pending", full)):
        passed, own, memory = (statistics.median(column) for column in zip(*looks, strict=True))
        print(
            f"\n{name}: ready after {passed:.2f} s, {own:.2f} s of them not the machine's; "
            f"{memory / MIB:.0f} MiB resident"
        )
    cost = max(look[2] for look in full) - min(look[2] for look in empty)
    print(f"the backlog costs at most {cost / MIB:.0f} MiB")
    assert cost <= MEMORY
    assert statistics.median(look[1] for look in full) < READY
