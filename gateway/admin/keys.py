"""Where the application keeps what its handlers need."""

from aiohttp import web

from gateway.admin.access import Csrf
from gateway.admin.deps import Deps
from gateway.admin.live import Hub

DEPS: web.AppKey[Deps] = web.AppKey("deps")
CSRF: web.AppKey[Csrf] = web.AppKey("csrf")
HUB: web.AppKey[Hub] = web.AppKey("hub")
