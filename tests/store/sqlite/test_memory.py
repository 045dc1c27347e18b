"""What the store holds of a commit that is over."""

import asyncio
import sys
from pathlib import Path

from gateway.store import sqlite
from tests.store.make import admission, event


async def test_the_bodies_of_a_commit_are_not_kept_until_the_next_one(tmp_path: Path) -> None:
    store = await sqlite.open(tmp_path / "gateway.db")
    body = b"x" * 1000
    alone = sys.getrefcount(body)
    await store.accept(admission(event("a"), body=body))
    async with asyncio.timeout(10):
        while sys.getrefcount(body) > alone:
            await asyncio.sleep(0)
    await store.close()
