"""Background work: no failure ends it in silence."""

import asyncio
from itertools import count

import pytest

from gateway.errors import StoreUnavailable
from gateway.upkeep import endless as module
from gateway.upkeep.endless import endless


@pytest.mark.parametrize(
    ("error", "reported"), [(StoreUnavailable("full"), 0), (ValueError("a mistake"), 2)]
)
async def test_it_begins_anew_and_reports_what_nobody_else_says(
    monkeypatch: pytest.MonkeyPatch, error: Exception, reported: int
) -> None:
    monkeypatch.setattr(module, "AGAIN", 0.0)
    numbers = count(1)
    well = asyncio.Event()
    reports: list[BaseException] = []

    async def work() -> None:
        if next(numbers) <= 2:
            raise error
        well.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(endless(work, reports.append))
    async with asyncio.timeout(10):
        await well.wait()
    assert len(reports) == reported
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
