"""The browser's door: applies the rules of `access` and `csrf` to each request, as a middleware.

The control socket has no such door: only its owner can open it (mode 0600).
"""

import socket
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Middleware

from gateway.admin.access import UNIX, foreign, outsider
from gateway.admin.csrf import COOKIE, FIELD, HEADER, Csrf

CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
HEADERS: Final = (
    ("Content-Security-Policy", CSP),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    # Not `no-referrer`: browsers then send `Origin: null` with our own forms.
    ("Referrer-Policy", "same-origin"),
)
_SAFE: Final = frozenset({"GET", "HEAD"})

TOKEN: Final = web.RequestKey("csrf_token", str)
"""Under which a request keeps the token its page puts into forms."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def guard(csrf: Csrf) -> Middleware:
    """The middleware."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if why := outsider(_peer(request), request.headers.getall("Host", []), request.headers):
            raise web.HTTPForbidden(text=why)
        sent = request.cookies.get(COOKIE)
        if request.method not in _SAFE:
            await _check_change(request, csrf, sent)
        cookie, fresh = csrf.cookie(sent)
        request[TOKEN] = csrf.token(cookie)
        response = await handler(request)
        if fresh and not response.prepared:
            response.set_cookie(COOKIE, cookie, httponly=True, samesite="Strict", path="/")
        return response

    return check


async def _check_change(request: web.Request, csrf: Csrf, cookie: str | None) -> None:
    own = f"{request.scheme}://{request.host}"
    headers = request.headers
    if why := foreign(headers.get("Sec-Fetch-Site"), headers.get("Origin"), own):
        raise web.HTTPForbidden(text=f"{why} Nothing was changed.")
    token = headers.get(HEADER, "")
    if not token and request.content_type == "application/x-www-form-urlencoded":
        token = str((await request.post()).get(FIELD, ""))
    if not csrf.fits(cookie, token):
        raise web.HTTPForbidden(
            text="The page is older than the running gateway, or it carries no token. "
            "Nothing was changed: load the page again and repeat."
        )


def _peer(request: web.Request) -> str:
    transport = request.transport
    if transport is None:
        return ""
    sock = transport.get_extra_info("socket")
    if sock is not None and sock.family == socket.AF_UNIX:
        return UNIX
    name = transport.get_extra_info("peername")
    return str(name[0]) if isinstance(name, tuple) and name else ""


async def set_headers(_: web.Request, response: web.StreamResponse) -> None:
    """What every answer carries."""
    for name, value in HEADERS:
        response.headers.setdefault(name, value)
    response.headers["Server"] = "gateway"
