"""The child of `test_kill.py`: accepts as fast as it can and prints each acknowledged event."""

import asyncio
import sys
from pathlib import Path

from gateway.model.states import DeliveryState
from gateway.store import sqlite
from tests.store.make import admission, delivery, event


async def main(database: Path, run: str) -> None:
    store = await sqlite.open(database)
    numbers = iter(range(1_000_000))

    async def sender() -> None:
        for number in numbers:
            key = f"{run}-{number}"
            made = event(key, delivery(state=DeliveryState.LEASED))
            (answer,) = await store.accept(admission(made, body=key.encode() * 100))
            print(key, answer.id, flush=True)

    await asyncio.gather(*(sender() for _ in range(16)))


asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
