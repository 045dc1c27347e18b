"""Server-sent events: open lists of events see new ones and new states as they are committed.

However many pages are open and however fast events come, each moment costs one read of the newest
events and one rendering of what is new among them, shared by all pages. A page that cannot keep up
is told to load itself again.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from aiohttp import web

from gateway.errors import GatewayError
from gateway.model.records import Committed, EventSummary
from gateway.routing.match import type_matches
from gateway.store.protocol import EventFilter

MOST_PAGES: Final = 50
NEWEST: Final = 100
"""Events looked at each moment: two pages of the list."""
QUEUE: Final = 16
"""Messages that wait for one page before it counts as behind."""
HEARTBEAT: Final = 15.0
"""Seconds of silence after which a comment is sent, so that proxies and tunnels stay open."""
MOMENT: Final = 0.25
"""Seconds of commits that one message brings together."""

Newest = Callable[[int], Awaitable[Sequence[EventSummary]]]
Render = Callable[[EventSummary], str]

RELOAD: Final = b"event: reload\ndata:\n\n"
STALE: Final = b"event: stale\ndata:\n\n"


@dataclass(eq=False, slots=True)
class _Page:
    """One open list."""

    where: EventFilter
    queue: asyncio.Queue[bytes] = field(default_factory=lambda: asyncio.Queue(QUEUE))
    behind: bool = False

    def tell(self, message: bytes) -> None:
        """Queues a message, or notes that the page has missed one."""
        if self.queue.full():
            self.behind = True
            while not self.queue.empty():
                self.queue.get_nowait()
        self.queue.put_nowait(RELOAD if self.behind else message)


class Hub:
    """The open pages, and what they have to hear of next."""

    def __init__(self, *, moment: float = MOMENT, heartbeat: float = HEARTBEAT) -> None:
        self._moment = moment
        self._heartbeat = heartbeat
        self._pages: set[_Page] = set()
        self._changed: set[int] = set()
        self._latest = 0
        self._seen = 0
        self._flush: asyncio.Task[None] | None = None
        self._closed = asyncio.Event()
        self._newest: Newest | None = None
        self._render: Render | None = None

    def attach(self, newest: Newest, render: Render) -> None:
        """newest: reads that many newest events. render: one event as a row of the list."""
        self._newest = newest
        self._render = render

    def committed(self, commit: Committed) -> None:
        """Hears of a commit (a listener of the store)."""
        for admission, _ in commit.admissions:
            for event in admission.events:
                if event.seq > self._latest:  # noqa: PLR1730  a call a request saved
                    self._latest = event.seq
        if not self._pages or not (commit.admissions or commit.changed):
            return
        self._changed.update(commit.changed)
        if self._flush is None:
            self._flush = asyncio.get_running_loop().create_task(self._send())

    def close(self) -> None:
        """Ends every stream, so that a stop does not wait for open pages."""
        self._closed.set()
        if self._flush is not None:
            self._flush.cancel()

    async def stream(
        self, request: web.Request, where: EventFilter, since: int | None
    ) -> web.StreamResponse:
        """One page's stream, until it goes away.

        since: the newest event the page shows; if there are newer ones it is told to load again.
        """
        if len(self._pages) >= MOST_PAGES:
            raise web.HTTPServiceUnavailable(
                text="Too many open pages are live.", headers={"Retry-After": "30"}
            )
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"}
        )
        page = _Page(where)
        if not self._pages:
            self._seen = self._latest
        self._pages.add(page)
        try:
            await response.prepare(request)
            await response.write(b"retry: 3000\n\n")
            if since is not None and since < self._latest:
                await response.write(RELOAD)
            await self._pump(page, response)
        except ConnectionError:
            pass
        finally:
            self._pages.discard(page)
        with contextlib.suppress(ConnectionError):
            await response.write_eof()
        return response

    async def _pump(self, page: _Page, response: web.StreamResponse) -> None:
        closed = asyncio.ensure_future(self._closed.wait())
        try:
            while not self._closed.is_set():
                message = asyncio.ensure_future(page.queue.get())
                await asyncio.wait(
                    (closed, message),
                    timeout=self._heartbeat,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if message.done():
                    page.behind = False
                    await response.write(message.result())
                else:
                    message.cancel()
                    if not closed.done():
                        await response.write(b": still here\n\n")
        finally:
            closed.cancel()

    async def _send(self) -> None:
        try:
            await asyncio.sleep(self._moment)
            changed, self._changed = self._changed, set()
            if self._newest is None or self._render is None:
                return
            try:
                newest = await self._newest(NEWEST)
            except GatewayError:
                # The store cannot be read now: the pages stay as they are and say so when loaded.
                return
            rows = _rows(newest, self._seen, changed, self._render)
            old = changed - {summary.event.seq for summary in newest}
            if newest:
                self._seen = max(self._seen, newest[0].event.seq)
            for page in self._pages:
                _tell(page, rows, old=bool(old))
        finally:
            self._flush = None
            if self._changed and self._pages and not self._closed.is_set():
                self._flush = asyncio.get_running_loop().create_task(self._send())


@dataclass(frozen=True, slots=True)
class _Row:
    summary: EventSummary
    message: bytes
    """The row as `data:` lines."""


def _rows(
    newest: Sequence[EventSummary], seen: int, changed: set[int], render: Render
) -> list[_Row]:
    found = []
    for summary in newest:
        if summary.event.seq > seen or summary.event.seq in changed:
            lines = render(summary).splitlines()
            found.append(_Row(summary, b"".join(b"data: %s\n" % one.encode() for one in lines)))
    return found


def _tell(page: _Page, rows: Sequence[_Row], *, old: bool) -> None:
    whatever_state = replace(page.where, state=None)
    fits: list[bytes] = []
    left: list[bytes] = []
    for row in rows:
        if matches(page.where, row.summary):
            fits.append(row.message)
        elif matches(whatever_state, row.summary):
            # Its state fits no more: a page that shows it shows it as it is now.
            left.append(row.message)
    if fits:
        page.tell(b"event: rows\n" + b"".join(fits) + b"\n")
    if left:
        page.tell(b"event: update\n" + b"".join(left) + b"\n")
    if old and page.where != EventFilter():
        # A filtered list may show older events than the newest: it loads itself, now and then.
        page.tell(STALE)


def matches(where: EventFilter, summary: EventSummary) -> bool:
    """Whether a list with this filter shows the event: what the store's query says, in memory."""
    event = summary.event
    return (
        (where.source is None or where.source == event.source)
        and (where.type is None or type_matches(where.type, event.type))
        and (where.state is None or where.state == summary.state)
        and (
            where.text is None
            or where.text in {event.id, event.provider_id, event.dedup_key, event.subject}
        )
    )
