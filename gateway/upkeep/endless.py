"""Work that goes on beside the traffic until it is canceled: no failure ends it in silence."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from gateway.errors import StoreUnavailable

AGAIN: Final = 5.0
"""Seconds until work that failed begins anew."""


async def endless(
    work: Callable[[], Awaitable[None]], report: Callable[[BaseException], None]
) -> None:
    """Runs work that ends only by an exception, again and again.

    report: hears of every exception but a store's that cannot be used: that says so in its health.
    """
    while True:
        try:
            await work()
        except StoreUnavailable:
            pass
        except Exception as error:  # noqa: BLE001  # a mistake of ours must not end it
            report(error)
        await asyncio.sleep(AGAIN)
