"""Access tokens for targets: OAuth 2.0 client credentials (RFC 6749, 4.4), kept and renewed early.

Equal ways to a token share one, and one fetch of it. While none can be had, deliveries are held and
it is tried again here; whoever waits hears when one came. No token and no secret is in any message.
"""

import asyncio
import base64
import ssl
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import quote_plus

import orjson

from gateway.errors import GatewayError
from gateway.net.egress import FetchFailed
from gateway.plan.credentials import OAuth2

SECONDS: Final = 10.0
"""For one answer of the server that gives tokens."""
SIZE: Final = 64 * 1024
LIFETIME: Final = 300.0
"""Seconds, where the server does not say: it should (RFC 6749, 4.4.3 and 5.1)."""
EARLY: Final = 0.8
"""Of its life a token is renewed, while the old one is still used."""
MARGIN: Final = 0.95
"""Of its life it is used at most: clocks differ, and requests take time."""
AGAIN_FIRST: Final = 5.0
AGAIN_MOST: Final = 300.0
_ERRORS: Final = frozenset(
    {
        "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client",
        "unsupported_grant_type", "invalid_scope",
    }
)  # fmt: skip
"""RFC 6749, 5.2: what may be repeated to a person."""


class AuthFailed(GatewayError):
    """No token can be had now. The message is for the operator and holds no secret."""


class Fetch(Protocol):
    """The way out."""

    async def __call__(
        self,
        url: str,
        *,
        at_most: int,
        seconds: float,
        form: Sequence[tuple[str, str]],
        headers: Sequence[tuple[str, str]],
        tls: ssl.SSLContext | None,
    ) -> bytes:
        """POSTs a form; the body of a 200. Raises `FetchFailed`."""
        ...


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    got_at: float
    renew_at: float
    ends_at: float


@dataclass(frozen=True, slots=True)
class _Failure:
    why: str
    delay: float
    """Seconds until it is tried again."""


class Tokens:
    """Of every target. Everything runs on one event loop."""

    def __init__(
        self,
        fetch: Fetch,
        known: Callable[[], Collection[OAuth2]],
        clock: Callable[[], float],
    ) -> None:
        """known: the ways of the plan in force; only those are tried again. clock: unix seconds."""
        self._fetch = fetch
        self._known = known
        self._clock = clock
        self.recovered: Callable[[OAuth2], None] = lambda _: None
        """Hears of each way that gives tokens again after it did not."""
        self._tokens: dict[OAuth2, _Token] = {}
        self._failures: dict[OAuth2, _Failure] = {}
        self._fetches: dict[OAuth2, asyncio.Task[None]] = {}
        self._timers: dict[OAuth2, asyncio.TimerHandle] = {}

    async def get(self, how: OAuth2) -> str:
        """A token that is good now. Raises `AuthFailed`, at once while none could be had."""
        token, now = self._tokens.get(how), self._clock()
        if token is not None and now < token.ends_at:
            if now >= token.renew_at and how not in self._failures:
                self._begin(how)
            return token.value
        if (failure := self._failures.get(how)) is not None:
            raise AuthFailed(failure.why)
        # Whoever waits may be cut off; the others want the token all the same.
        await asyncio.shield(self._begin(how))
        if (failure := self._failures.get(how)) is not None:
            raise AuthFailed(failure.why)
        return self._tokens[how].value

    async def instead_of(self, how: OAuth2, refused: str) -> str | None:
        """Another token than one that a target answered 401 to; None: there is none to try.

        One that was fetched within `AGAIN_FIRST` seconds is not fetched again: then it is not its
        age that the target does not like.
        """
        token = self._tokens.get(how)
        if token is not None and token.value == refused:
            if self._clock() - token.got_at < AGAIN_FIRST or how in self._failures:
                return None
            del self._tokens[how]
        try:
            fresh = await self.get(how)
        except AuthFailed:
            return None
        return None if fresh == refused else fresh

    def held(self, how: OAuth2) -> str:
        """The last one that was given; empty: there is none."""
        token = self._tokens.get(how)
        return "" if token is None else token.value

    def failing(self, how: OAuth2) -> bool:
        """Whether no token could be had when it was last tried, and none is left."""
        token = self._tokens.get(how)
        return how in self._failures and (token is None or self._clock() >= token.ends_at)

    def ask_again(self) -> None:
        """Something was changed: whoever gave no token is asked again now, not when it is time."""
        for how, timer in list(self._timers.items()):
            timer.cancel()
            self._again(how)

    async def close(self) -> None:
        """Ends what is under way."""
        for timer in self._timers.values():
            timer.cancel()
        fetches = list(self._fetches.values())
        for fetch in fetches:
            fetch.cancel()
        await asyncio.gather(*fetches, return_exceptions=True)

    # ---- one fetch at a time for each way

    def _begin(self, how: OAuth2) -> "asyncio.Task[None]":
        task = self._fetches.get(how)
        if task is None:
            task = self._fetches[how] = asyncio.get_running_loop().create_task(self._renew(how))
            task.add_done_callback(lambda _: self._fetches.pop(how, None))
        return task

    async def _renew(self, how: OAuth2) -> None:
        try:
            said = await self._fetch(
                how.token_url,
                at_most=SIZE,
                seconds=SECONDS,
                form=_form(how),
                headers=_headers(how),
                tls=how.tls.context if how.tls is not None else None,
            )
            token = _read(said, self._clock())
        except FetchFailed as error:
            self._failed(how, _why(error))
        except AuthFailed as error:
            self._failed(how, str(error))
        else:
            known = self._known()
            self._tokens = {one: kept for one, kept in self._tokens.items() if one in known}
            self._tokens[how] = token
            if self._failures.pop(how, None) is not None:
                self.recovered(how)

    def _failed(self, how: OAuth2, why: str) -> None:
        before = self._failures.get(how)
        delay = AGAIN_FIRST if before is None else min(2 * before.delay, AGAIN_MOST)
        self._failures[how] = _Failure(why, delay)
        self._timers[how] = asyncio.get_running_loop().call_later(delay, self._again, how)

    def _again(self, how: OAuth2) -> None:
        del self._timers[how]
        if how in self._known():
            self._begin(how)
        else:
            self._failures.pop(how, None)
            self._tokens.pop(how, None)


def _form(how: OAuth2) -> list[tuple[str, str]]:
    form = [("grant_type", "client_credentials")]
    if how.scope:
        form.append(("scope", how.scope))
    if how.audience:
        form.append(("audience", how.audience))
    if how.send == "body":
        form += [("client_id", how.client_id), ("client_secret", how.client_secret)]
    return form


def _headers(how: OAuth2) -> list[tuple[str, str]]:
    headers = [("Accept", "application/json"), ("User-Agent", "webhook-gateway")]
    if how.send == "basic":
        # RFC 6749, 2.3.1: both are form-encoded first.
        pair = f"{quote_plus(how.client_id)}:{quote_plus(how.client_secret)}"
        headers.append(("Authorization", "Basic " + base64.b64encode(pair.encode()).decode()))
    return headers


def _read(said: bytes, now: float) -> _Token:
    """An answer's token (RFC 6749, 5.1). Raises `AuthFailed`."""
    try:
        answer = orjson.loads(said)
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict):
        raise AuthFailed("the token server's answer is not JSON")
    value, kind = answer.get("access_token"), answer.get("token_type", "Bearer")
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
        raise AuthFailed("the token server's answer holds no usable access_token")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise AuthFailed("the token server gives tokens of another type than Bearer")
    lifetime = answer.get("expires_in")
    if isinstance(lifetime, str) and lifetime.isdecimal():  # Azure's older servers write a text
        lifetime = int(lifetime)
    if isinstance(lifetime, bool) or not isinstance(lifetime, int | float) or lifetime <= 0:
        lifetime = LIFETIME
    return _Token(value, now, now + EARLY * lifetime, now + MARGIN * lifetime)


def _why(error: FetchFailed) -> str:
    """What a person reads: the server's own word only where it is one of the standard's."""
    try:
        said = orjson.loads(error.excerpt)
    except orjson.JSONDecodeError:
        said = None
    word = said.get("error") if isinstance(said, dict) else None
    more = f" ({word})" if isinstance(word, str) and word in _ERRORS else ""
    return f"no token for this target: {error}{more}"
