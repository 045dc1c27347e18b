"""A judge with fakes around it, and sources of every kind: what `judging` and `listener` attack."""

import asyncio
import json
from dataclasses import dataclass, field
from functools import cache

from gateway import providers
from gateway.ingest.judge import Judge
from gateway.ingest.parts import BodyBroken
from gateway.model.outcomes import OUTCOMES, Outcome
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
from gateway.routing.expressions import compile_expression
from gateway.verify.basic import Basic
from gateway.verify.hmac import Hmac, Timestamp
from gateway.verify.standard_webhooks import StandardWebhooks
from gateway.verify.token import Token
from tests import fakes
from tests.delivery.virtual import VirtualLoop
from tests.fuzz import reference

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


@cache
def plans() -> dict[str, Plan]:
    """The same sources behind each of the three places where a client's address can stand."""
    when = compile_expression("payload.a.b > 'x' or headers.x_odd == 'y'")
    routes = (
        fakes.route("all", targets=("one", "two")),
        fakes.route("odd", when=when, targets=("three",)),
        fakes.route("doubtful", accept_unverified=True, targets=("four",)),
    )
    made = _made()
    return {
        mode: fakes.plan(
            *made, routes=routes, client_address=mode, trusted=("127.0.0.1", "10.0.0.0/8")
        )
        for mode in ("x-forwarded-for", "forwarded", "peer")
    }


def keys(source: Source) -> dict[str, reference.Labeled]:
    """By a scheme's name: its keys with their labels."""
    bound = source.verifier.bound if source.verifier else ()
    return {one.scheme.name: [(key.label, key.value) for key in one.keys] for one in bound}


class Loop(VirtualLoop):
    """Time passes at once where only time is waited for; threads and sockets are waited for."""

    def __init__(self) -> None:
        super().__init__()
        select = self._virtual.select

        def either(timeout: float | None = None):
            return (
                select(timeout)
                if timeout is not None
                else type(self._virtual).__mro__[1].select(self._virtual, 5.0)
            )

        self._virtual.select = either


@cache
def loop() -> asyncio.AbstractEventLoop:
    """One for the whole process: making one costs more than a request."""
    return Loop()


@dataclass
class Stream:
    """A body on its way: whole, in pieces, with an end that never comes, or broken."""

    body: bytes
    how: str = "whole"
    told: int = 0

    def whole(self) -> bytes | None:
        return self.body if self.how == "whole" else None

    async def chunk(self) -> bytes:
        size = 7 if self.how == "pieces" else 1024
        piece, self.body = self.body[:size], self.body[size:]
        if piece:
            await asyncio.sleep(0)
        elif self.how == "slow":
            await asyncio.sleep(3600)
        elif self.how == "broken":
            raise BodyBroken("the body's framing is broken")
        return piece

    async def proceed(self) -> None:
        self.told += 1


@dataclass
class Room:
    """A judge and all that it can say."""

    mode: str = "x-forwarded-for"
    store: fakes.MemoryStore = field(default_factory=fakes.MemoryStore)
    pauses: fakes.Pauses = field(default_factory=fakes.Pauses)
    dispatch: fakes.Dispatch = field(default_factory=lambda: fakes.Dispatch(room=1))
    ears: fakes.Ears = field(default_factory=fakes.Ears)
    clock: fakes.Clock = field(default_factory=lambda: fakes.Clock(NOW))
    ticks: fakes.Clock = field(default_factory=lambda: fakes.Clock(1000.0))
    in_flight: int = 10_000

    def judge(self) -> Judge:
        plan = plans()[self.mode]
        return Judge(
            plan=lambda: plan,
            store=self.store,
            pauses=self.pauses,
            dispatch=self.dispatch,
            refused=self.ears.refused.append,
            metrics=self.ears,
            log=self.ears.lines.append,
            report=self.ears.reports.append,
            clock=self.clock,
            monotonic=self.ticks,
            in_flight=self.in_flight,
        )

    def faults(self, answers: int) -> list[str]:
        """What must hold after any requests. answers: how many were judged."""
        ears = self.ears
        found = [repr(error) for error in ears.reports]
        if not len(ears.counts) == len(ears.lines) == len(ears.observed) == answers:
            found.append(
                f"{answers} answers, {len(ears.counts)} counted, {len(ears.lines)} written"
            )
        refused = [line for line in ears.lines if not OUTCOMES[Outcome(line.outcome)].let_in]
        if [line.request_id for line in refused] != [one.request_id for one in ears.refused]:
            found.append("a refused request is not in the refused log")
        known = {*plans()[self.mode].sources, "_unknown"}
        if not {source for source, _ in ears.counts} <= known:
            found.append("a sender chose the name of a counter")
        texts = [
            *map(repr, ears.lines),
            *map(repr, ears.refused),
            *map(repr, self.store.admissions),
        ]
        shown = [
            s.decode()
            for s in (*SECRETS, WHSEC[6:], PASSWORD)
            if any(s.decode() in t for t in texts)
        ]
        return [*found, *(f"shown: {one}" for one in shown)]


def json_of(body: bytes) -> object:
    """A reply's JSON, None where it is none."""
    try:
        return json.loads(body)
    except ValueError:
        return None
