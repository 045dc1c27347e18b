"""The token that forms carry, so that no other page can make a browser change something here.

Signed double submit: the browser holds a random cookie, the page a token made from it with a key
that lives as long as the process. What other pages can read or set gives them no token.
"""

import hashlib
import hmac
import re
import secrets
from typing import Final

COOKIE: Final = "gateway_csrf"
FIELD: Final = "csrf"
HEADER: Final = "X-CSRF-Token"
_COOKIE: Final = re.compile(r"[A-Za-z0-9_-]{22}")


class Csrf:
    """Makes tokens and knows its own."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    @staticmethod
    def cookie(sent: str | None) -> tuple[str, bool]:
        """The browser's cookie, and whether it is a new one that has to be set."""
        if sent is not None and _COOKIE.fullmatch(sent):
            return sent, False
        return secrets.token_urlsafe(16), True

    def token(self, cookie: str) -> str:
        """The token that forms of this browser carry."""
        return hmac.new(self._key, cookie.encode(), hashlib.sha256).hexdigest()

    def fits(self, cookie: str | None, token: str) -> bool:
        """Whether a token was made for this cookie, by this process."""
        if cookie is None or not _COOKIE.fullmatch(cookie):
            return False
        return hmac.compare_digest(self.token(cookie).encode(), token.encode("utf-8", "replace"))
