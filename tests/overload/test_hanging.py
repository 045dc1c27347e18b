"""Targets that hang, and large events for all of them: memory stays within its bounds, and a target
that is well gets everything meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from gateway.delivery.intake import FRESH_BYTES
from gateway.delivery.memory import ATTEMPT_BYTES
from tests.door.house import MIB, house, together
from tests.overload.test_flood import large
from tests.overload.test_pending import silent

pytestmark = [pytest.mark.asyncio, pytest.mark.slow]

EVENTS, SIZE = 60, 8 * MIB
HANGING = [f"hangs-{number}" for number in range(5)]


@asynccontextmanager
async def taking() -> AsyncIterator[tuple[int, set[str]]]:
    """A target that takes everything: its port, and the ids of the events it got."""
    got: set[str] = set()

    async def take(request: web.Request) -> web.Response:
        async for _ in request.content.iter_any():
            pass
        got.add(request.headers["Gateway-Event-Id"])
        return web.Response()

    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1], got
    finally:
        await runner.cleanup()


def config(hanging: int, well: int) -> str:
    lines = "\n".join(
        f'  {name}: {{url: "http://127.0.0.1:{hanging}/", timeout: 10m}}' for name in HANGING
    )
    return f"""\
version: 1
server: {{listen: "127.0.0.1:0"}}
admin: {{listen: "127.0.0.1:0"}}
store: {{min_free: 1MiB}}
sources:
  github: {{provider: github, secrets: ["${{GITHUB_SECRET}}"], limits: {{deadline: 60s}}}}
targets:
  well: {{url: "http://127.0.0.1:{well}/"}}
{lines}
routes:
  - {{name: all, to: [well, {", ".join(HANGING)}], on: [vcs.push]}}
"""


async def test_large_events_for_hanging_targets_stay_within_memory(tmp_path: Path) -> None:
    async with (
        silent() as port,
        taking() as (well, got),
        house(tmp_path, config(port, well)) as one,
    ):
        one.forget_peak()
        before = len(got)

        async def send(numbers: range) -> None:
            for number in numbers:
                assert (await one.send(large(f"large-{number}", SIZE))).status == 202

        await together(send(range(start, EVENTS, 4)) for start in range(4))
        async with asyncio.timeout(120):
            while len(got) < EVENTS + before:
                await asyncio.sleep(0.05)
        grown = one.peak() - one.base
        print(
            f"\n{EVENTS} events of {SIZE // MIB} MiB for {len(HANGING)} targets that hang and one"
            f" that is well, which got all; memory at most {grown / MIB:+.0f} MiB"
        )
        # Twice, because what an attempt sends is made from what it holds.
        assert grown < FRESH_BYTES + 2 * ATTEMPT_BYTES + 128 * MIB
