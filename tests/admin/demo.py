"""A store full of things to look at: every state, hostile texts, big and odd bodies.

Used by the pages' tests, and by itself to look at the dashboard:
`python -m tests.admin.demo FOLDER [PORT]`.
"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
from aiohttp import web

from gateway.admin.app import build
from gateway.admin.deps import Deps, Reloaded
from gateway.admin.live import Hub
from gateway.delivery.actions import Actions
from gateway.delivery.by_hand import ByHand
from gateway.delivery.gates import Gates
from gateway.delivery.pauses import Pauses
from gateway.errors import Problem
from gateway.model.ids import EventId, new_delivery_id, new_event_id
from gateway.model.records import Admission, Attempt, NewDelivery, NewEvent, Refused, Result
from gateway.model.states import DeliveryState, ErrorClass, Reason, Trigger
from gateway.plan.plan import Endpoint, Plan, RetryPolicy, Target
from gateway.store import sqlite
from gateway.store.refused import RefusedLog
from tests import fakes

NOW = 1_795_000_000.0
HOSTILE = "<script>alert('x')</script>\"onload=\u202e\x07" + "W" * 300
PUSH = orjson.dumps(
    {
        "ref": "refs/heads/main",
        "repository": {"full_name": "acme/site", "private": False},
        "commits": [{"id": "9f2c" * 10, "message": "Make it faster", "added": [], "n": 1.50}],
    }
)


class Clock:
    """A clock that stands where it is put."""

    now = NOW

    def __call__(self) -> float:
        return self.now


def target(name: str, url: str = "http://127.0.0.1:9000/hooks") -> Target:
    return Target(name, (Endpoint(url),), 10.0, 3.0, RetryPolicy(), 10, (), ())


def plan() -> Plan:
    """Sources in every state, three targets, three routes, one problem."""
    shut = "the secret `${STRIPE_SIGNING_SECRET}` is not set"
    made = fakes.plan(
        fakes.source("github"),
        fakes.source("stripe", problem=shut, proves=False),
        fakes.source("gitlab", amber="a plain token proves nothing about the body"),
        fakes.source("circleci", enforce=False),
        fakes.source("orders", closed=True),
        routes=(
            fakes.route("deploy-main", targets=("deployer",), types=("vcs.push",)),
            fakes.route("money", targets=("ledger",), sources=frozenset({"stripe"})),
            fakes.route("tell-chat", targets=("chat",), types=None),
        ),
    )
    problem = Problem(shut, "routes.yaml", 14, 15, "sources.stripe.secrets[0]", "export it first")
    names = ("deployer", "ledger", "chat")
    return replace(made, targets={name: target(name) for name in names}, problems=(problem,))


@dataclass
class Demo:
    """All that an admin application needs, on a real store."""

    store: sqlite.SqliteStore
    refused: RefusedLog
    actions: Actions
    gates: Gates
    breakers: ByHand
    clock: Clock
    hub: Hub
    plan: Plan
    reloads: int = 0

    def deps(self) -> Deps:
        async def reload() -> Reloaded:
            self.reloads += 1
            return Reloaded(2, ["source orders: opened"])

        return Deps(
            plan=lambda: self.plan,
            store=self.store,
            actions=self.actions,
            breakers=self.breakers,
            endpoints=self.gates.statuses,
            refused=self.refused.page,
            metrics=lambda: b"gateway_plan_generation 1.0\n",
            reload=reload,
            ready=lambda: {"store": True},
            clock=self.clock,
        )

    def app(self, *, trusted: bool = False) -> web.Application:
        return build(self.deps(), self.hub, trusted=trusted)

    async def close(self) -> None:
        self.hub.close()
        await self.refused.close()
        await self.store.close()


async def open_demo(folder: Path, *, moment: float = 0.0) -> Demo:
    """An empty store with its surroundings."""
    clock = Clock()
    path = folder / "gateway.db"
    store = await sqlite.open(path, clock=clock)
    hub = Hub(moment=moment)
    store.listen(hub.committed)
    made = plan()
    refused = RefusedLog(path, clock=clock)
    actions = Actions(store, Pauses(), lambda: made, clock)
    gates = Gates(lambda: made, clock, lambda: 0.0)
    breakers = ByHand(store, gates, lambda: made, clock)
    return Demo(store, refused, actions, gates, breakers, clock, hub, made)


def to(name: str, state: DeliveryState = DeliveryState.PENDING, **more: object) -> NewDelivery:
    reason = more.pop("reason", Reason.NEW)
    route = {"deployer": "deploy-main", "ledger": "money"}.get(name, "tell-chat")
    return NewDelivery(new_delivery_id(), route, name, state, reason, NOW, **more)


async def add(
    demo: Demo,
    *deliveries: NewDelivery,
    source: str = "github",
    type: str = "vcs.push",
    subject: str | None = "acme/site",
    body: bytes = PUSH,
    fields: object = None,
    flags: tuple[str, ...] = (),
    ago: float = 0.0,
    refusal: str = "",
    key: str = "",
    content_type: str = "application/json",
) -> EventId:
    """One accepted request with one event."""
    id = new_event_id()
    key = key or f"key-{id}"
    verified = not refusal
    at = NOW - ago
    event = NewEvent(
        id=id,
        item=0,
        dedup_key=key,
        type=type,
        provider_type=type.rpartition(".")[2],
        provider_id=key,
        subject=subject,
        time=at - 1,
        fields=orjson.dumps({"repo": subject, "branch": "main"} if fields is None else fields),
        flags=flags,
        verified=verified,
        deliveries=list(deliveries),
    )
    headers = (
        (b"Content-Type", content_type.encode()),
        (b"User-Agent", b"GitHub-Hookshot/44e1f2a"),
        (b"X-Hub-Signature-256", b"sha256=" + b"3f" * 32),
    )
    admitted = await demo.store.accept(
        Admission(
            source, source, at, "140.82.115.3", "hmac", "GITHUB_SECRET", content_type, headers,
            body, [event], refusal=refusal,
        )
    )  # fmt: skip
    return admitted[0].id


async def end(
    demo: Demo, delivery: NewDelivery, state: DeliveryState, reason: Reason, *tries: Attempt
) -> None:
    """Takes a delivery through attempts to a state."""
    await demo.store.lease([delivery.seq])
    for number, attempt in enumerate(tries, 1):
        last = number == len(tries)
        at = attempt.at if last else NOW
        results = [
            Result(
                delivery.seq,
                state if last else DeliveryState.PENDING,
                reason if last else Reason.RETRY,
                attempt.message if last else "",
                NOW + 90 if last else at,
                attempt,
            )
        ]
        await demo.store.record(results)
        if not last:
            await demo.store.lease([delivery.seq])


def tried(
    number: int = 1, status: int | None = 200, error: ErrorClass | None = None, **more: object
) -> Attempt:
    values = {
        "at": NOW - 60 + number,
        "endpoint": "http://127.0.0.1:9000/hooks",
        "message": "",
        "duration": 0.0123,
        "answer": b'{"ok":true}' if status == 200 else b"upstream is asleep",
        "trigger": Trigger.INITIAL if number == 1 else Trigger.RETRY,
        **more,
    }
    return Attempt(number=number, status=status, error=error, **values)


async def fill(demo: Demo) -> dict[str, EventId]:
    """One of everything, oldest first; returns the events by what they show."""
    made: dict[str, EventId] = {}
    made["unrouted"] = await add(demo, type="other", subject=None, ago=86400 * 2)
    twice = to("deployer")
    made["delivered"] = await add(demo, twice, ago=7200, key="twice")
    await add(demo, ago=7100, key="twice")
    await end(demo, twice, DeliveryState.DELIVERED, Reason.DONE, tried(1, 502), tried(2))
    dead = to("ledger")
    made["dead"] = await add(
        demo, dead, source="stripe", type="payment.succeeded", subject="order-4711", ago=3600,
        fields={"amount": 1999, "currency": "EUR", "reference": "order-4711", "live": True},
    )  # fmt: skip
    failed = tried(1, 422, ErrorClass.STATUS, answer=b"no such account")
    await end(demo, dead, DeliveryState.DEAD, Reason.STATUS, failed)
    waits = to("chat")
    made["pending"] = await add(
        demo, waits, type="ci.pipeline.finished", source="circleci", ago=300,
        refusal="bad_signature",
    )  # fmt: skip
    refused = tried(1, None, ErrorClass.REFUSED, message="connect to 127.0.0.1:9001 was refused")
    await end(demo, waits, DeliveryState.PENDING, Reason.RETRY, refused)
    why = "1:14: `payload.s + 1` adds a text and a number"
    held = to("chat", DeliveryState.HELD, reason=Reason.EXPRESSION, detail=why)
    made["held"] = await add(demo, held, type="vcs.change.opened", subject="acme/api", ago=240)
    evil = to("chat", DeliveryState.HELD, reason=Reason.EXPRESSION, detail=HOSTILE)
    made["hostile"] = await add(
        demo, evil, type="other", subject=HOSTILE, body=b'{"a":"</pre><script>alert(1)</script>"}',
        fields={"title": HOSTILE, "<b>": [HOSTILE]}, flags=("doubled_keys", "same_body"), ago=120,
        key=HOSTILE[:60],
    )  # fmt: skip
    made["big"] = await add(
        demo, type="other", subject="big", body=b"[" + b'{"n": 12345678901234567890},' * 12000 + b"0]",
        flags=("no_id",), ago=60,
    )  # fmt: skip
    made["binary"] = await add(
        demo, type="other", subject="binary", body=bytes(range(256)), ago=30,
        content_type="application/octet-stream",
    )  # fmt: skip
    rest: Sequence[tuple[str, str]] = (
        ("bad_signature", "no key of 2 fits the signature"),
        ("stale", "signed 712 s before now, 300 s are let in"),
        ("ip_denied", HOSTILE),
    )
    for number, (outcome, reason) in enumerate(rest):
        entry = Refused(
            NOW - 400 + number, "github", outcome, reason, "203.0.113.9", "POST", "/in/github",
            ((b"X-Evil", HOSTILE.encode()), (b"Host", b"\xff\x00")), 812, "ab" * 16, f"r{number}",
        )  # fmt: skip
        demo.refused.add(entry)
    await demo.refused.flush()
    return made


async def _serve(folder: Path, port: int) -> None:
    demo = await open_demo(folder, moment=0.25)
    await fill(demo)
    await demo.actions.pause("route", "money", "dashboard")
    runner = web.AppRunner(demo.app())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    print(f"http://127.0.0.1:{port}/", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
        await demo.close()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 8081))
