"""Where the application keeps what its handlers need."""

from aiohttp import web

from gateway.admin.deps import Deps
from gateway.admin.live import Hub

DEPS: web.AppKey[Deps] = web.AppKey("deps", Deps)
HUB: web.AppKey[Hub] = web.AppKey("hub", Hub)
