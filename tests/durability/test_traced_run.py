"""A traced gateway: no 2xx leaves before a sync that covers the log pages of its row.

`make durability`, or `pytest -m slow tests/durability/test_traced_run.py -s`. Needs strace.
"""

import shutil
import signal
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import pytest

from tests.app.process import process
from tests.app.running import receiving
from tests.durability.entry import SYNCHRONOUS
from tests.durability.serving import Serving
from tests.durability.trace import COMMAND, Verdict, judge

pytestmark = pytest.mark.slow


async def traced(folder: Path, requests: int, env: Mapping[str, str]) -> Verdict:
    assert shutil.which("strace"), "this test needs strace: apt install strace"
    trace = folder / "trace"
    async with (
        receiving() as receiver,
        process(folder, receiver.url, kind=Serving) as one,
        aiohttp.ClientSession() as session,
    ):
        one.prefix = (*COMMAND, "-o", str(trace))
        one.env = env
        await one.start(session)
        await one.load(session, "traced", requests)
        assert len(one.acknowledged) == requests
        assert await one.end(signal.SIGTERM) == 0
    with trace.open(encoding="utf-8", errors="replace") as lines:
        verdict = judge(lines)
    assert verdict.answers == requests
    print(
        f"\nsynchronous={env.get(SYNCHRONOUS, 'as it is')}: {verdict.answers} answers, "
        f"{verdict.syncs} syncs of the log, {len(verdict.early)} answers before their sync"
    )
    return verdict


async def test_each_of_1000_answers_comes_after_the_sync_of_its_row(tmp_path: Path) -> None:
    assert (await traced(tmp_path, 1000, {})).early == ()


@pytest.mark.parametrize("weaker", ["NORMAL", "OFF"])
async def test_the_trace_finds_a_weaker_synchronous(tmp_path: Path, weaker: str) -> None:
    assert len((await traced(tmp_path, 100, {SYNCHRONOUS: weaker})).early) > 50
