"""Who may come in, and what may change something.

Without users only this machine: a loopback or unix peer, a Host that names this machine (a name a
stranger's page rebinds to 127.0.0.1 does not), and no forwarding header (a proxy in front would
let the world in). A change needs a token of ours and a request of our own pages.
"""

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

HOSTS: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
FORWARDING: Final = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")
CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SAFE: Final = frozenset({"GET", "HEAD"})
COOKIE: Final = "gateway_csrf"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Csrf:
    """Tokens bound to a browser's random cookie by a key that lives as long as the process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def token(self, cookie: str) -> str:
        """The token that forms of this browser carry."""
        return hmac.new(self._key, cookie.encode(), hashlib.sha256).hexdigest()

    def fits(self, cookie: str, token: str) -> bool:
        """Whether a token was made for this cookie."""
        made = self.token(cookie).encode()
        return bool(cookie) and hmac.compare_digest(made, token.encode("utf-8", "replace"))


def outsider(request: web.Request) -> str:
    """Why a request may not come in; empty: it may."""
    peer = request.transport.get_extra_info("peername") if request.transport else None
    if isinstance(peer, tuple) and not ip_address(peer[0]).is_loopback:
        return "the dashboard answers this machine only; use an SSH tunnel"
    host = request.headers.get("Host", "")
    name = (
        host[: host.index("]") + 1] if host.startswith("[") and "]" in host else host.split(":")[0]
    )
    if name.lower() not in HOSTS:
        return "the Host header must be localhost, 127.0.0.1 or [::1]"
    if any(header in request.headers for header in FORWARDING):
        return "a proxy passed this request on; the dashboard must not be behind one without users"
    return ""


def foreign(request: web.Request) -> bool:
    """Whether a change comes from a page that is not ours (or that does not say)."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site != "same-origin":
        return True
    origin = request.headers.get("Origin")
    if origin is None:
        return site is None
    return urlsplit(origin).netloc != request.headers.get("Host")


def guard(csrf: Csrf) -> Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]:
    """The middleware of the browser's door."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if why := outsider(request):
            raise web.HTTPForbidden(text=why + "\n")
        cookie = request.cookies.get(COOKIE, "")
        if request.method not in SAFE:
            if foreign(request):
                raise web.HTTPForbidden(text="this change did not come from the dashboard\n")
            token = request.headers.get("X-CSRF-Token", "")
            if not token and request.content_type == "application/x-www-form-urlencoded":
                token = str((await request.post()).get("csrf", ""))
            if not csrf.fits(cookie, token):
                raise web.HTTPForbidden(text="the form is too old: load the page again\n")
        fresh = "" if cookie else secrets.token_urlsafe(16)
        request["csrf"] = csrf.token(cookie or fresh)
        response = await handler(request)
        if fresh and not response.prepared:
            response.set_cookie(COOKIE, fresh, httponly=True, samesite="Strict", path="/")
        return response

    return check


async def headers(_: web.Request, response: web.StreamResponse) -> None:
    """What every answer carries."""
    response.headers.setdefault("Content-Security-Policy", CSP)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    response.headers.pop("Server", None)
