"""The bare aiohttp client loop: POSTs bodies made beforehand, 64 at once, on one session.

python -m bench.baselines.drain PORT COUNT   prints {"started", "seconds", "cpu"} as JSON
"""

import asyncio
import sys
import time
from collections.abc import Iterator

import orjson
from aiohttp import ClientSession

from bench.pushes import requests

AT_ONCE = 64
HEADERS = {"Content-Type": "application/json"}


async def work(session: ClientSession, url: str, bodies: Iterator[bytes]) -> None:
    """Until no body is left."""
    for body in bodies:
        async with session.post(url, data=body, headers=HEADERS) as answer:
            await answer.read()
            answer.raise_for_status()


async def main(port: int, count: int) -> None:
    """Prints the result."""
    bodies = (start + rest for _, start, rest in requests(count))
    url = f"http://127.0.0.1:{port}/hooks"
    started, cpu = time.monotonic(), time.process_time()
    async with ClientSession() as session:
        await asyncio.gather(*[work(session, url, bodies) for _ in range(AT_ONCE)])
    said = {
        "started": started,
        "seconds": time.monotonic() - started,
        "cpu": time.process_time() - cpu,
    }
    print(orjson.dumps(said).decode())


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
