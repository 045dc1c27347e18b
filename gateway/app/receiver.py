"""The receiver of `gateway dev`: takes every delivery, and lets somebody wait for one."""

import asyncio
import socket

from aiohttp import web


class Receiver:
    """Answers 200 to everything on a loopback port of its own."""

    def __init__(self) -> None:
        self.url = ""
        self._came: dict[str, asyncio.Future[dict[str, str]]] = {}
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Binds a free port."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_post("/{rest:.*}", self._take)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        bound = socket.create_server(("127.0.0.1", 0))
        await web.SockSite(self._runner, bound).start()
        self.url = f"http://127.0.0.1:{bound.getsockname()[1]}"

    async def _take(self, request: web.Request) -> web.Response:
        await request.read()
        event = request.headers.get("Gateway-Event-Id", "")
        future = self._future(event)
        if not future.done():
            future.set_result({**request.headers, "path": request.path})
        return web.Response(text="taken\n")

    def _future(self, event: str) -> asyncio.Future[dict[str, str]]:
        return self._came.setdefault(event, asyncio.get_running_loop().create_future())

    async def came(self, event: str, seconds: float) -> dict[str, str] | None:
        """The headers of an event's first delivery; None if it did not come in time."""
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(self._future(event))
        except TimeoutError:
            return None

    async def stop(self) -> None:
        """Closes the port."""
        if self._runner is not None:
            await self._runner.cleanup()
