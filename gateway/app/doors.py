"""The three doors of a gateway, opened: senders', people's, and the command line's on this machine."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from aiohttp import web

from gateway.app.descriptors import for_connections
from gateway.app.sockets import bind, bind_unix
from gateway.errors import StoreUnavailable
from gateway.ingest.judge import Judge
from gateway.ingest.server import PublicServer, listen
from gateway.plan.plan import Listen

_AT_ONCE = 0.01
"""Seconds; of 0 aiohttp makes no end."""


async def open_public(
    judge: Judge, where: Listen, stack: AsyncExitStack, left: Callable[[], float]
) -> int:
    """Listens for senders; gives the port, 0 for none. stack: closes it again. left: seconds that
    a stop may still take: senders have half of them, the rest is for deliveries."""
    bound = bind(where)
    port = int(bound.getsockname()[1]) if where.kind == "tcp" else 0
    public = PublicServer(judge, connections=for_connections())
    server = await listen(public, bound)

    async def close() -> None:
        server.close()
        public.pre_shutdown()  # idle connections end at once, busy ones after their answer
        try:
            async with asyncio.timeout(left() / 2):
                await public.shutdown(None)
        except TimeoutError:
            await public.shutdown(_AT_ONCE)

    stack.push_async_callback(close)
    return port


async def open_admin(app: web.Application, where: Listen, stack: AsyncExitStack) -> int:
    """Listens for people and programs; gives the port, 0 for none."""
    bound = bind(where)
    port = int(bound.getsockname()[1]) if where.kind == "tcp" else 0
    await web.SockSite(await _runner(app, stack), bound).start()
    return port


async def open_control(app: web.Application, path: Path, stack: AsyncExitStack) -> None:
    """Listens for commands. Raises `StoreUnavailable` where the disk takes no new file: it lies
    beside the database, and is made when that can be used."""
    try:
        bound = bind_unix(path, mode=0o600)
    except OSError as error:
        raise StoreUnavailable(f"cannot make {path}: {error.strerror}") from error
    stack.callback(path.unlink, missing_ok=True)
    await web.SockSite(await _runner(app, stack), bound).start()


async def _runner(app: web.Application, stack: AsyncExitStack) -> web.AppRunner:
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=2.0)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    return runner
