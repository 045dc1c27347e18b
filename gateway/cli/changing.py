"""Runs one change: in the running gateway, else on the store itself when none runs."""

import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

from gateway.app.offline import offline
from gateway.cli.client import Control, NotRunning, connect
from gateway.plan.compile import compile_plan, store_path
from gateway.plan.plan import Plan


@contextlib.asynccontextmanager
async def control(plan: Plan) -> AsyncIterator[Control]:
    """The API of the running gateway, or of this process for the one command."""
    async with contextlib.AsyncExitStack() as stack:
        try:
            running = await stack.enter_async_context(connect(plan.store.path))
        except NotRunning:
            running = Control(await stack.enter_async_context(offline(plan)))
        yield running


def find_store(config: Path) -> Path:
    """The database of a configuration file: to look into it the rest need not be right."""
    return store_path(config, os.environ)


def load_plan(config: Path) -> Plan:
    """The plan of a configuration file. Raises `ConfigInvalid`."""
    return compile_plan(config, os.environ, generation=1)
