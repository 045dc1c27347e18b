"""One endpoint of a target, as a process of its own that a test may kill or stop.

python -m tests.app.endpoint   prints its port, then of each delivery when it came and its event
"""

import asyncio
import time

from aiohttp import web

TAKES = 0.005


async def take(request: web.Request) -> web.Response:
    """One delivery."""
    await request.read()
    await asyncio.sleep(TAKES)
    print(f"{time.monotonic():.6f} {request.headers['Gateway-Event-Id']}", flush=True)
    return web.Response()


async def main() -> None:
    """Until it is ended."""
    app = web.Application()
    app.router.add_post("/hooks", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
