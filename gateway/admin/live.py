"""Server-sent events: tells open pages that something happened. Asks the store nothing.

A page that hears of a change loads its own fragment again; so the stream carries no data, and a
page that was behind needs one load, however much it missed.
"""

import asyncio
import contextlib

from aiohttp import web

from gateway.model.records import Committed

MOST = 50
HEARTBEAT = 15.0
PAUSE = 0.5
"""Seconds between two messages to one page: more often nobody reads."""


class Hub:
    """The open pages."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()
        self._closing = False

    def committed(self, commit: Committed) -> None:
        """Hears of a commit (a listener of the store)."""
        if commit.admissions or commit.changed:
            for event in self._waiting:
                event.set()

    def close(self) -> None:
        """Ends every stream, so that a stop does not wait for open pages."""
        self._closing = True
        for event in self._waiting:
            event.set()

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """One page's stream."""
        if len(self._waiting) >= MOST:
            raise web.HTTPServiceUnavailable(text="too many open pages\n")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        happened = asyncio.Event()
        self._waiting.add(happened)
        try:
            await response.write(b"retry: 3000\n\n")
            while not self._closing:
                try:
                    async with asyncio.timeout(HEARTBEAT):
                        await happened.wait()
                except TimeoutError:
                    await response.write(b": still here\n\n")
                    continue
                happened.clear()
                await response.write(b"event: changed\ndata:\n\n")
                await asyncio.sleep(PAUSE)
        except ConnectionError:
            pass
        finally:
            self._waiting.discard(happened)
        with contextlib.suppress(ConnectionError):
            await response.write_eof()
        return response
