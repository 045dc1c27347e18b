"""Templates: their environment, and the values every page has. Autoescape is on for everything."""

from collections.abc import Mapping
from typing import Final

import aiohttp_jinja2
import orjson
from aiohttp import web
from jinja2 import FileSystemLoader, StrictUndefined

import gateway
from gateway.admin import assets, present, queries, times, words
from gateway.admin.guard import TOKEN
from gateway.admin.keys import DEPS
from gateway.admin.payload import visible
from gateway.model.records import EventSummary
from gateway.model.states import MOVES, DeliveryState, Verb

_ROW: Final = "_event_row.html"


def setup(app: web.Application) -> None:
    """Gives the application its templates."""
    env = aiohttp_jinja2.setup(
        app,
        loader=FileSystemLoader(assets.folder()),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters |= {
        "ago": times.ago,
        "duration": times.duration,
        "size": times.size,
        "rfc3339": present.time,
        "visible": lambda text: visible(str(text)),
        "plain": plain,
        "headertext": lambda raw: visible(raw.decode("utf-8", "backslashreplace")),
    }
    env.globals |= {
        "words": words,
        "can": can,
        "link": queries.link,
        "version": gateway.__version__,
    }


def plain(value: object) -> str:
    """A normalized value: a text as it is, anything else as JSON."""
    return visible(value if isinstance(value, str) else orjson.dumps(value).decode())


def can(verb: str, state: DeliveryState) -> bool:
    """Whether a person's verb applies to a delivery in this state."""
    return state in MOVES[Verb(verb)].leaves


def page(
    request: web.Request, template: str, context: Mapping[str, object], *, status: int = 200
) -> web.Response:
    """A page or a fragment of one."""
    deps = request.app[DEPS]
    plan = deps.plan()
    common = {
        "request": request,
        "csrf": request.get(TOKEN, ""),
        "now": deps.clock(),
        "alarms": sum(1 for source in plan.sources.values() if source.problem),
        "refusal": deps.refusal(),
        "notice": _notice(request),
    }
    return aiohttp_jinja2.render_template(template, request, {**common, **context}, status=status)


def row(app: web.Application, summary: EventSummary) -> str:
    """One event as a row of the list, the same for every reader."""
    env = aiohttp_jinja2.get_env(app)
    return env.get_template(_ROW).render(one=summary, now=app[DEPS].clock())


def _notice(request: web.Request) -> str:
    did = request.query.get("did", "")
    if did in words.NOTICES:
        return words.NOTICES[did]
    done = words.DONE.get(did)
    count = request.query.get("n", "")
    if done is None or not count.isascii() or not count.isdecimal() or len(count) > 9:
        return ""
    if count == "0":
        return "Nothing had to change."
    return f"{int(count)} {'delivery' if count == '1' else 'deliveries'} {done}."
