"""The event loop: uvloop where it is installed. And what must be true of this Python."""

import asyncio
import gc
from collections.abc import Coroutine

from aiohttp import http_parser

from gateway.errors import GatewayError


def run(main: Coroutine[object, object, None]) -> None:
    """Runs a gateway. Raises `GatewayError` if aiohttp lacks its compiled HTTP parser."""
    if http_parser.HttpRequestParser is http_parser.HttpRequestParserPy:
        main.close()
        raise GatewayError(
            "aiohttp's compiled HTTP parser is missing (it was built without extensions); the "
            "pure Python one is not for the public internet. Install aiohttp from a wheel."
        )
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    try:
        import uvloop  # noqa: PLC0415  # an extra
    except ImportError:
        asyncio.run(main)
    else:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main)
