"""The event loop: uvloop where it is installed. And what must be true of this Python."""

import asyncio
from collections.abc import Coroutine

from aiohttp import http_parser

from gateway.app.heap import settle
from gateway.errors import GatewayError, Problem

_NO_PARSER = Problem(
    "its compiled HTTP parser is missing; the one in pure Python is not for the public internet",
    file="aiohttp",
    hint="install aiohttp from a wheel, and leave AIOHTTP_NO_EXTENSIONS unset",
)


def unfit() -> tuple[Problem, ...]:
    """What this Python lacks that no gateway may run without."""
    pure = http_parser.HttpRequestParser is http_parser.HttpRequestParserPy
    return (_NO_PARSER,) if pure else ()


def run(main: Coroutine[object, object, None]) -> None:
    """Runs a gateway. Raises `GatewayError` where this Python is `unfit`."""
    if problems := unfit():
        main.close()
        raise GatewayError("\n".join(map(str, problems)))
    settle()
    try:
        import uvloop  # noqa: PLC0415  # an extra
    except ImportError:
        asyncio.run(main)
    else:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(main)
