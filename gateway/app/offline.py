"""The same API for one command, when no gateway runs: on the store's own files, in this process."""

import contextlib
import random
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
from aiohttp import web

from gateway.admin.app import build
from gateway.admin.deps import Deps, Reloaded
from gateway.admin.live import Hub
from gateway.app.sockets import bind_unix
from gateway.delivery.actions import Actions
from gateway.delivery.by_hand import ByHand
from gateway.delivery.gates import Gates
from gateway.delivery.pauses import Pauses
from gateway.errors import GatewayError
from gateway.plan.plan import Plan
from gateway.store import refused as refused_log
from gateway.store import sqlite


async def _no_reload() -> Reloaded:
    raise GatewayError("no gateway runs that could be reloaded")


@contextlib.asynccontextmanager
async def offline(plan: Plan) -> AsyncIterator[aiohttp.ClientSession]:
    """A session whose requests are answered here. Raises `StoreLocked` if another holds the store."""
    async with contextlib.AsyncExitStack() as stack:
        store = await sqlite.open(plan.store.path)
        stack.push_async_callback(store.close)
        refused = refused_log.RefusedLog(plan.store.path)
        stack.push_async_callback(refused.close)
        by_hand = ByHand(
            store, Gates(lambda: plan, time.time, random.random), lambda: plan, time.time
        )
        await by_hand.load()
        actions = Actions(store, Pauses(await store.pauses()), lambda: plan, time.time)
        deps = Deps(
            plan=lambda: plan, store=store, actions=actions, breakers=by_hand, endpoints=dict, refused=refused.page,
            metrics=lambda: b"", reload=_no_reload, ready=dict, clock=time.time, who="command",
        )  # fmt: skip
        runner = web.AppRunner(build(deps, Hub(), trusted=True), access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        path = folder / "s"
        await web.SockSite(runner, bind_unix(path, mode=0o600)).start()
        connector = aiohttp.UnixConnector(path=str(path))
        yield await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
