"""What a request's query asks for: filters and places, read once for pages and API alike."""

from urllib.parse import urlencode

from aiohttp import web

from gateway.model.ids import EventId, Seq
from gateway.model.records import EVENT_STATES
from gateway.model.states import DeliveryState, Reason
from gateway.store.protocol import DeliveryFilter, EventFilter


def _word(request: web.Request, name: str) -> str | None:
    return request.query.get(name, "").strip() or None


def events(request: web.Request) -> EventFilter:
    """The events a list shows. Raises 400 for a state that does not exist."""
    state = _word(request, "state")
    if state is not None and state not in EVENT_STATES:
        raise web.HTTPBadRequest(text=f"no state {state!r}; there are: {', '.join(EVENT_STATES)}\n")
    return EventFilter(
        source=_word(request, "source"),
        type=_word(request, "type"),
        state=state,
        text=_word(request, "text"),
    )


def deliveries(request: web.Request) -> DeliveryFilter:
    """The deliveries a list shows. Raises 400 for a word that does not exist."""
    state, reason, event = (_word(request, name) for name in ("state", "reason", "event"))
    try:
        return DeliveryFilter(
            target=_word(request, "target"),
            route=_word(request, "route"),
            source=_word(request, "source"),
            state=DeliveryState(state) if state else None,
            reason=Reason(reason) if reason else None,
            event=EventId(event) if event else None,
        )
    except ValueError as error:
        raise web.HTTPBadRequest(text=f"{error}\n") from None


def before(request: web.Request) -> Seq | None:
    """The place a page goes on from."""
    text = request.query.get("before", "")
    if not text:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise web.HTTPBadRequest(text="`before` is a sequence number\n")
    return Seq(int(text))


def limit(request: web.Request, most: int = 1000) -> int:
    """How many rows."""
    text = request.query.get("limit", "100")
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= most:
        raise web.HTTPBadRequest(text=f"`limit` is a number from 1 to {most}\n")
    return int(text)


def link(request: web.Request, **changes: str | int | None) -> str:
    """This page's address with some words of its query changed; None or empty takes one out.

    A notice of something done is not carried on, nor the place in the list unless it is given.
    """
    gone = {"did", "n", "before"}
    query = {name: value for name, value in request.query.items() if name not in gone and value}
    query |= {name: "" if value is None else str(value) for name, value in changes.items()}
    kept = {name: value for name, value in query.items() if value}
    path = request.rel_url.raw_path
    return f"{path}?{urlencode(kept)}" if kept else path


def back(text: str, otherwise: str) -> str:
    """Where to return after a change: a path of ours, never another site's address."""
    ours = text.startswith("/") and not text.startswith("//") and "\\" not in text
    return text if ours and text.isascii() and text.isprintable() else otherwise


def number(request: web.Request, name: str) -> int | None:
    """A sequence number of the query. Raises 400 where it is none."""
    text = request.query.get(name, "")
    if not text:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise web.HTTPBadRequest(text=f"`{name}` is a sequence number")
    return int(text)
