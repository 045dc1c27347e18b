"""One of three endpoints dies, or hangs, under load: nothing is lost or dead, and the rate is back."""

import asyncio
import signal
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from tests.app.process import ROOT, process
from tests.app.running import BASE, signed_push

RATE = 150
"""Events a second."""
BEFORE, AFTER = 3.0, 6.0
"""Seconds of load until the loss, and after it."""
SLICE = 0.25
"""Seconds over which a rate is counted."""


@dataclass
class Endpoint:
    """A process that takes deliveries."""

    process: asyncio.subprocess.Process
    url: str = ""
    taken: list[tuple[float, str]] = field(default_factory=list)

    async def listen(self) -> None:
        """Until it ends."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            at, event = line.decode().split()
            self.taken.append((float(at), event))


@asynccontextmanager
async def endpoints(number: int) -> AsyncIterator[list[Endpoint]]:
    found, readers = [], []
    for _ in range(number):
        made = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.app.endpoint", cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        assert made.stdout is not None
        port = int(await made.stdout.readline())
        found.append(Endpoint(made, f"http://127.0.0.1:{port}/hooks"))
        readers.append(asyncio.create_task(found[-1].listen()))
    try:
        yield found
    finally:
        for one in found:
            if one.process.returncode is None:
                one.process.kill()
            await one.process.wait()
        await asyncio.gather(*readers)


def config(urls: Sequence[str], balance: str) -> str:
    listed = ", ".join(f'{{url: "{url}"}}' for url in urls)
    return BASE.replace(
        '{url: "RECEIVER/hooks", retry: {base: 500ms, cap: 1s}}',
        f"{{endpoints: [{listed}], balance: {balance}, timeout: 1s, connect_timeout: 1s, "
        "concurrency: 30, breaker: {failures: 5, cooldown: 30s}}",
    )


async def load(session: aiohttp.ClientSession, url: str, seconds: float, first: int) -> list[str]:
    """Open-loop: as many a second whatever the answers do. Gives the events' ids."""

    async def push(number: int) -> str:
        headers, body = signed_push(f"lost-{number}")
        async with session.post(f"{url}/in/github", data=body, headers=headers) as answer:
            assert answer.status == 202
            return str((await answer.json())["id"])

    began, sent = time.monotonic(), []
    for number in range(int(seconds * RATE)):
        await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
        sent.append(asyncio.create_task(push(first + number)))
    return list(await asyncio.gather(*sent))


def rates(found: Sequence[Endpoint], since: float, until: float) -> list[float]:
    """Deliveries a second that arrived, slice by slice."""
    times = [at for one in found for at, _ in one.taken]
    number = int((until - since) / SLICE)
    starts = [since + n * SLICE for n in range(number)]
    return [sum(1 for at in times if start <= at < start + SLICE) / SLICE for start in starts]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "balance"), [(signal.SIGKILL, "round_robin"), (signal.SIGSTOP, "least_pending")]
)
async def test_nothing_is_lost_or_dead_and_the_rate_is_back(
    tmp_path: Path, number: signal.Signals, balance: str
) -> None:
    async with (
        endpoints(3) as found,
        process(tmp_path, "", config([one.url for one in found], balance)) as one,
        aiohttp.ClientSession() as session,
    ):
        await one.start(session)
        sent = await load(session, one.public, BEFORE, 0)
        lost_at = time.monotonic()
        found[1].process.send_signal(number)
        sent += await load(session, one.public, AFTER, len(sent))
        async with asyncio.timeout(60):
            while {event for each in found for _, event in each.taken} < set(sent):
                await asyncio.sleep(0.1)
            while (state := await target(session, one.admin))["counts"].get("pending"):
                await asyncio.sleep(0.1)
        assert state["counts"].get("dead", 0) == 0
        states = [each["state"] for each in state["endpoints"]]
        assert states == ["well", "open", "well"]
        before = statistics.median(rates(found, lost_at - 2, lost_at))
        after = rates(found, lost_at, lost_at + AFTER - SLICE)
        well = (n for n in range(len(after)) if min(after[n : n + 3]) >= 0.9 * before)
        back = next(well, None)
        times = [taken for each in found for taken in each.taken]
        print(
            f"\n{number.name}, {balance}: {len(sent)} events, {len(times)} deliveries; "
            f"{before:.0f}/s before; after it, each {SLICE} s: "
            f"{' '.join(f'{rate:.0f}' for rate in after)}; {'not back' if back is None else f'back after {back * SLICE} s'}"
        )


async def target(session: aiohttp.ClientSession, admin: str) -> dict:
    async with session.get(f"{admin}/api/v1/status") as answer:
        (found,) = (await answer.json())["targets"]
        return found
