"""Sources of every kind behind one plan, and routes that do all that routes can."""

from dataclasses import replace
from functools import cache

from gateway import providers
from gateway.plan.plan import Plan, Source
from gateway.providers.declaration import (
    Batch,
    Bind,
    Handshake,
    Option,
    Replies,
    Reply,
    Way,
)
from gateway.routing.expressions import Expression, compile_expression
from gateway.routing.match import Debounce, Route
from gateway.verify.basic import Basic
from gateway.verify.hmac import Hmac, Timestamp
from gateway.verify.standard_webhooks import StandardWebhooks
from gateway.verify.token import Token
from tests import fakes

NOW = 1_790_000_000.0
OLD = b"an-older-secret-as-long-as-it-must-be"
SECRETS = (fakes.SECRET, OLD)
WHSEC = b"whsec_" + b"QUJD" * 10
PASSWORD = b"hook:a-password-of-some-length"
HIDDEN = "passcode-in-the-body-of-a-request"
"""What `secret_at` of one source hides; requests may carry it there."""
LIMIT = 4096


def _source(name: str, **more: object) -> Source:
    limits = {
        "body": LIMIT,
        "deadline": 5.0,
        "rate": None,
        "per_address": None,
        "encodings": frozenset(),
    }
    limits |= more.pop("limits", {})
    more.setdefault("secrets", SECRETS)
    return fakes.source(name, limits=fakes.Limits(**limits), **more)


def _made() -> list[Source]:
    said = fakes.declaration
    gzip = {"encodings": frozenset({"gzip"})}
    return [
        _source("orders"),
        _source("packed", limits={**gzip, "body": 200_000}),
        _source("shadow", enforce=False, allow=("203.0.113.0/24", "127.0.0.1"), limits=gzip),
        _source(
            "stamped",
            declared=said(
                ways=(Way(Hmac("X-Signature", signed="{id}.{timestamp}.{body}", id_header="X-Id",
                               timestamp=Timestamp(header="X-Time"))),)
            ),
        ),
        _source("none", proves=False, allow=("203.0.113.0/24", "::1")),
        _source("closed", closed=True),
        _source("broken", proves=False, problem="no secret is configured"),
        _source(
            "token",
            declared=said(
                ways=(Way(Token("X-Token")),), form_field="payload",
                secret_at=("body./passcode", "body./deep/pass~1code", "header.X-Pass"),
            ),
        ),
        _source("plain-form", declared=said(secret_at=("body./passcode",))),
        _source("basic", declared=said(ways=(Way(Basic()),)), secrets=(PASSWORD,)),
        _source("standard", declared=said(ways=(Way(StandardWebhooks()),), id=("header.webhook-id",)), secrets=(WHSEC,)),
        _source(
            "hands",
            declared=said(
                methods=("POST",),
                handshakes=(
                    Handshake("GET", (("query.challenge", ""), ("query.mode", "subscribe")), False, Reply(200), "query.challenge"),
                    Handshake("POST", (("body./type", "url_verification"),), True, Reply(200), "body./challenge"),
                    Handshake("HEAD", (), False, Reply(204)),
                    Handshake("POST", (("header.X-Validation", ""),), False, Reply(200, b"ok"), ""),
                ),
            ),
        ),
        _source("batch", declared=said(batch=Batch("/events", at_most=50), id=("/id",), event=("/type",))),
        _source(
            "tenant", options={"app": "app-1"},
            declared=said(binds=(Bind("body./app", "app"),), options={"app": Option("text", "", required=True)}),
        ),
        _source("tenant-shadow", options={"app": "1"}, enforce=False, declared=said(binds=(Bind("header.X-App", "app"),))),
        _source("limited", limits={"rate": 1.0, "per_address": 2.0}),
        _source(
            "strange",
            declared=said(
                replies=Replies(Reply(204), Reply(200, b"no"), 503), id=(("body./a", "header.X-Id"),)
            ),
            limits={"per_address": 1.0},
        ),
        *(_source(name, declared=providers.load(name), revive=False) for name in providers.names()),
    ]  # fmt: skip


CERTAIN = ("plain", "shared")
"""Plans of which no route asks anything of an event; one with shares and one without."""


@cache
def plans() -> dict[str, Plan]:
    """The same sources behind each of the three places where a client's address can stand, and
    `CERTAIN` ones."""
    when = compile_expression("payload.a.b > 'x' or headers.x_odd == 'y'")
    made = _made()
    # The events of one source go nowhere.
    listed = [one.name for one in made if one.name != "strange"]
    certain = (
        fakes.route("all", targets=("one", "two"), sources=frozenset(listed)),
        fakes.route(
            "doubtful", sources=frozenset(listed), accept_unverified=True, targets=("four",)
        ),
        fakes.route("typed", types=("vcs.*", "meta.*", "order.*"), targets=("one", "three")),
    )
    routes = (
        *certain[:2],
        fakes.route("odd", sources=frozenset(listed), when=when, targets=("three",)),
        fakes.route(
            "lanes",
            sources=frozenset(listed),
            order_by=compile_expression("payload.a"),
            on_dead="hold",
        ),
        fakes.route(
            "bursts",
            sources=frozenset(listed),
            order_by=compile_expression("type"),
            debounce=Debounce(compile_expression("payload.b | lower"), 20.0, 200.0),
            targets=("two", "three"),
        ),
        fakes.route("late", sources=frozenset(listed), delay=30.0),
    )
    shares = {
        "two": compile_expression("payload.a.b ~ payload.id"),
        "three": compile_expression("payload.b | int"),
    }
    proxies = ("127.0.0.1", "10.0.0.0/8")

    def plan(mode: str, which: tuple[Route, ...], divided: dict[str, Expression]) -> Plan:
        compiled = fakes.plan(*made, routes=which, client_address=mode, trusted=proxies)
        return replace(compiled, shares=divided)

    return {
        "x-forwarded-for": plan("x-forwarded-for", routes, shares),
        "forwarded": plan("forwarded", routes, shares),
        "peer": plan("peer", routes, {}),
        "plain": plan("x-forwarded-for", certain, {}),
        "shared": plan("x-forwarded-for", certain, shares),
    }
