"""`python -m bench parsers`: what reading HTTP costs, by aiohttp's parser and by httptools alone.

Both hand a request of a push over as the listener needs it: method, path, the headers as pairs of bytes,
the body. No limits and no connection around either: what another parser would save, at most.
"""

import asyncio
import time
from collections.abc import Callable, Sequence

import httptools
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpRequestParser
from aiohttp.web_exceptions import HTTPBadRequest

from bench.pairs import Sample, interleave, spread
from bench.pushes import requests
from bench.report import Rows

Parse = Callable[[bytes], tuple[int, int]]
"""Gives the number of headers and the size of the body."""


class _Request:
    """What httptools calls."""

    def __init__(self) -> None:
        self.url = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.body: list[bytes] = []

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        self.body.append(body)


def measure(pairs: int, count: int) -> Rows:
    """The rows of the table. count: requests a side of a pair."""
    return asyncio.run(_measure(pairs, count))


async def _measure(pairs: int, count: int) -> Rows:
    data = [b"".join(pieces) for pieces in requests(400)]

    def side(parse: Parse) -> Callable[[], Sample]:
        def run() -> Sample:
            started = time.process_time()
            for number in range(count):
                parse(data[number % len(data)])
            used = (time.process_time() - started) / count * 1e6
            return Sample(1e6 / used, used)

        return run

    ours, other = _aiohttp(), _httptools
    if ours(data[0]) != other(data[0]):
        raise RuntimeError("the two parsers do not find the same")
    found = interleave(pairs, side(ours), side(other))
    return _rows([a.cpu for a, _ in found], [b.cpu for _, b in found])


def _rows(ours: Sequence[float], other: Sequence[float]) -> Rows:
    return [
        ("aiohttp's parser, CPU µs", str(spread(ours))),
        ("httptools, CPU µs", str(spread(other))),
    ]


def _aiohttp() -> Parse:
    loop = asyncio.get_running_loop()
    parser = HttpRequestParser(
        BaseProtocol(loop), loop, 2**16, payload_exception=HTTPBadRequest, auto_decompress=False
    )

    def parse(data: bytes) -> tuple[int, int]:
        ((message, payload),), _, _ = parser.feed_data(data)
        parser.message_consumed()
        return len(message.raw_headers), len(payload.read_nowait(-1))

    return parse


def _httptools(data: bytes) -> tuple[int, int]:
    request = _Request()
    parser = httptools.HttpRequestParser(request)
    parser.feed_data(data)
    return len(request.headers), len(b"".join(request.body))
