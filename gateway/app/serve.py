"""Runs one gateway until a signal ends it: SIGTERM and SIGINT drain, SIGHUP reloads."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable

from gateway.app import one_cpu
from gateway.app.gateway import Gateway
from gateway.app.notify import notify
from gateway.errors import GatewayError
from gateway.observe.logs import logger


async def serve(gateway: Gateway, ready: Callable[[], Awaitable[None]] | None = None) -> None:
    """Starts the gateway, tells systemd, and returns when it has drained.

    ready: runs when the listeners answer; when it returns the gateway goes on.
    Raises `GatewayError` where the start fails.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    reloading: set[asyncio.Task[None]] = set()

    async def reload() -> None:
        notify("RELOADING=1")
        with contextlib.suppress(GatewayError):  # said by `reload` itself, in the log and gauge
            await gateway.reload()
        notify("READY=1")

    def on_hup() -> None:
        task = loop.create_task(reload())
        reloading.add(task)
        task.add_done_callback(reloading.discard)

    await gateway.start()
    together = loop.create_task(
        one_cpu.stay(lambda: gateway.plan.server.one_cpu, lambda: gateway.store.writer_process)
    )
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        loop.add_signal_handler(signal.SIGHUP, on_hup)
        notify("READY=1")
        if ready is not None:
            await ready()
        await stop.wait()
        logger("gateway").info("stopping", drain_seconds=gateway.DRAIN)
    finally:
        notify("STOPPING=1")
        together.cancel()
        await gateway.stop()
