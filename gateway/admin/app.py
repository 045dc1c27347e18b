"""The admin application: routes, guards and pages put together."""

from pathlib import Path

import aiohttp_jinja2
import jinja2
from aiohttp import web

import gateway
from gateway.admin import access, api, pages
from gateway.admin.deps import Deps
from gateway.admin.keys import CSRF, DEPS, HUB
from gateway.admin.live import Hub

_PACKAGE = Path(gateway.__file__).parent
_BODY_LIMIT = 1024 * 1024


def templates() -> Path:
    """The folder of templates: inside the installed wheel, else beside the package."""
    installed = _PACKAGE / "_templates"
    return installed if installed.is_dir() else _PACKAGE.parent / "templates"


def build(deps: Deps, hub: Hub, *, trusted: bool = False) -> web.Application:
    """The application. trusted: for the control socket, whose file mode (0600) is the guard."""
    csrf = access.Csrf()
    guards = [] if trusted else [access.guard(csrf)]
    app = web.Application(middlewares=[*guards, api.problems], client_max_size=_BODY_LIMIT)
    app[DEPS], app[CSRF], app[HUB] = deps, csrf, hub
    app.on_response_prepare.append(access.headers)
    app.add_routes(api.routes)
    app.add_routes(health)
    if not trusted:
        folder = templates()
        aiohttp_jinja2.setup(
            app,
            loader=jinja2.FileSystemLoader(folder),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            filters=pages.FILTERS,
            context_processors=[pages.common],
        )
        app.add_routes(pages.routes)
        app.router.add_static("/static", folder / "static")
        app.router.add_get("/live", hub.stream)
    return app


health = web.RouteTableDef()


@health.get("/healthz")
async def alive(_: web.Request) -> web.Response:
    """The process answers."""
    return web.Response(text="ok\n")


@health.get("/readyz")
async def ready(request: web.Request) -> web.Response:
    """Whether it can do its work; each condition on a line."""
    found = request.app[DEPS].ready()
    text = "".join(f"{name}: {'ok' if good else 'no'}\n" for name, good in found.items())
    return web.Response(text=text, status=200 if all(found.values()) else 503)


@health.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """Prometheus text."""
    return web.Response(
        body=request.app[DEPS].metrics(),
        headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
    )
