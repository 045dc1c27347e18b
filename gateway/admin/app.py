"""Builds the admin application: once for browsers, once (trusted) for the control socket."""

from aiohttp import web
from aiohttp.typedefs import Middleware

from gateway.admin import api, assets, health, rendering
from gateway.admin.csrf import Csrf
from gateway.admin.deps import Deps
from gateway.admin.guard import guard, set_headers
from gateway.admin.keys import DEPS, HUB
from gateway.admin.live import Hub
from gateway.admin.pages import PAGES
from gateway.admin.problems import problems
from gateway.store.protocol import EventFilter

BODY = 64 * 1024
"""Bytes of a change's body: a form or a selection, never a payload."""


def build(deps: Deps, hub: Hub, *, trusted: bool = False) -> web.Application:
    """The application.

    hub: has to hear of the store's commits. trusted: without the browser's rules and pages, for a
    socket that only its owner can open. Raises `TemplatesMissing`.
    """
    door: list[Middleware] = [] if trusted else [guard(Csrf())]
    app = web.Application(middlewares=[problems, *door], client_max_size=BODY)
    app[DEPS] = deps
    app[HUB] = hub
    rendering.setup(app)
    app.on_response_prepare.append(set_headers)
    app.add_routes(health.routes)
    app.add_routes(api.routes)
    if not trusted:
        for routes in PAGES:
            app.add_routes(routes)
        app.router.add_static("/static/", assets.folder() / "static")
        hub.attach(
            lambda count: deps.store.events(EventFilter(), None, count),
            lambda summary: rendering.row(app, summary),
        )
    return app
