"""A dispatcher among stand-ins: a store in memory, and a way out whose answers a test chooses."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count

from gateway.delivery.attempt import Attempts
from gateway.delivery.dispatcher import Dispatcher
from gateway.delivery.gates import Gates
from gateway.delivery.pauses import Pauses
from gateway.delivery.ports import AttemptLine
from gateway.delivery.render import Request
from gateway.delivery.tokens import Tokens
from gateway.errors import StoreUnavailable
from gateway.model.ids import DeliveryId, EventId, Seq
from gateway.model.records import Delivery, Due, Event, Moved, Result, Selection, Work
from gateway.model.states import MOVES, STEPS, DeliveryState, Reason, Trigger, Verb
from gateway.net.egress import Call
from gateway.net.sending import Answer
from gateway.plan.plan import Endpoint, Plan, RetryPolicy, Target
from gateway.routing.templates import TextTemplate
from gateway.store.protocol import TargetBacklog
from tests import fakes
from tests.delivery.virtual import clock

OK = Answer(200, None, "", b"ok", 0.0)
FAILED = Answer(503, None, "", b"", 0.0)


def target(name: str = "one", *, headers: Sequence[tuple[str, TextTemplate]] = (), **more: object):
    """A target of its own host."""
    return Target(
        **{
            "name": name, "endpoints": (Endpoint(f"http://{name}.test/hooks"),), "timeout": 10.0,
            "connect_timeout": 3.0, "retry": RetryPolicy(), "concurrency": 10, "sign": (),
            "headers": tuple(headers), **more,
        }
    )  # fmt: skip


def plan(*targets: Target, routes: Sequence[str] = ("all",)) -> Plan:
    """A plan of these targets and of routes that want everything."""
    whole = fakes.plan(routes=[fakes.route(name) for name in routes])
    return replace(whole, targets={one.name: one for one in targets})


def work(seq: int = 1, to: str = "one", **more: object) -> Work:
    """A leased delivery of a small event."""
    event = Event(
        Seq(seq), EventId(f"evt_{seq}"), Seq(seq), 0, "orders", "custom", "other", "created", "p-1",
        "k", None, 1.0, 1.0, b"{}", (), True, 0, 2,
    )  # fmt: skip
    delivery = Delivery(
        **{
            "seq": Seq(seq), "id": DeliveryId(f"dlv_{seq}"), "event": Seq(seq), "route": "all",
            "target": to, "order_key": None, "state": DeliveryState.LEASED, "reason": Reason.NEW,
            "detail": "", "next_at": 0.0, "attempts": 0, "window_started_at": 0.0,
            "window_attempts": 0, "deaths": 0, "trigger": Trigger.INITIAL, "replay_of": None,
            "created_at": 0.0, "updated_at": 0.0, **more,
        }
    )  # fmt: skip
    return Work(delivery, event, tuple, "application/json", b"{}")


def pairs(call: Request | Call) -> list[tuple[str, str]]:
    """Its headers, each as name and value."""
    *said, last = call.headers.split("\r\n")
    assert not last, "every line has its end"
    return [(name, value) for name, _, value in (line.partition(": ") for line in said)]


FROM_LEASED = {step.to for step in STEPS if step.leaves is DeliveryState.LEASED}


class MemoryDeliveries:
    """The store's side of delivery. `broken` makes each call fail as a full disk does."""

    def __init__(self) -> None:
        self.rows: dict[Seq, Work] = {}
        self.recorded: list[Result] = []
        self.begun: list[Seq] = []
        self.unreadable: set[Seq] = set()
        self.broken = False
        self.writable = True
        """What is known of the next commit before it is tried."""
        self.paused = False
        """Whether a pause is in force that keeps what is held."""
        self.claims = 0
        self.heard: Callable[[Sequence[Due]], None] = lambda _: None
        self._numbers = count(1)

    def new(self, to: str = "one", state: str = "pending", **more: object) -> Work:
        """Puts a delivery in."""
        seq = Seq(next(self._numbers))
        at = {"next_at": clock(), "window_started_at": clock()}
        one = work(seq, to, state=DeliveryState(state), **{**at, **more})
        self.rows[seq] = one
        return one

    def states(self, to: str | None = None) -> list[str]:
        return [
            str(one.delivery.state)
            for one in self.rows.values()
            if to is None or one.delivery.target == to
        ]

    async def _call(self) -> None:
        await asyncio.sleep(0)
        if self.broken:
            raise StoreUnavailable("the disk is full")

    def _put(self, one: Work, **changes: object) -> None:
        self.rows[one.delivery.seq] = replace(one, delivery=replace(one.delivery, **changes))

    async def backlog(self) -> list[TargetBacklog]:
        names = {one.delivery.target for one in self.rows.values()}
        return [TargetBacklog(name, {}, None) for name in names]

    async def claim(
        self, to: str, places: Sequence[tuple[str | None, tuple[float, Seq]]], limit: int
    ) -> list[Due]:
        await self._call()
        self.claims += 1
        found = []
        for key, after in places:
            mine = sorted(
                (one.delivery.next_at, one.delivery.seq)
                for one in self.rows.values()
                if one.delivery.target == to
                and one.delivery.state is DeliveryState.PENDING
                and one.delivery.fair_key == key
            )
            found += [Due(seq, to, at, key) for at, seq in mine if (at, seq) > after][:limit]
        return found

    async def shares(self, to: str, after: str | None, limit: int) -> list[str]:
        await self._call()
        keys = {
            one.delivery.fair_key
            for one in self.rows.values()
            if one.delivery.target == to and one.delivery.state is DeliveryState.PENDING
        }
        return sorted(key for key in keys - {None} if after is None or key > after)[:limit]

    async def lease(self, seqs: Sequence[Seq]) -> list[Seq]:
        await self._call()
        taken = [seq for seq in seqs if self.rows[seq].delivery.state is DeliveryState.PENDING]
        for seq in taken:
            self._put(self.rows[seq], state=DeliveryState.LEASED)
        return taken

    async def work(self, seqs: Sequence[Seq], most: int) -> list[Work]:
        await self._call()
        if self.unreadable & set(seqs):
            raise StoreUnavailable("a pack is lost")
        works: list[Work] = []
        for seq in seqs:
            works.append(self.rows[seq])
            if sum(len(one.body) for one in works) >= most:
                break
        return works

    async def begin(self, seq: Seq) -> None:
        await self._call()
        self.begun.append(seq)

    async def record(self, results: Sequence[Result]) -> None:
        await self._call()
        for result in results:
            one = self.rows[result.delivery]
            if one.delivery.state is DeliveryState.PENDING and result.attempt is None:
                continue  # its lease had failed
            assert one.delivery.state is DeliveryState.LEASED, "only what is leased has a result"
            assert result.state in FROM_LEASED, "the table of steps has it"
            made = int(result.attempt is not None)
            if result.attempt is not None:
                one = replace(one, endpoint=result.attempt.endpoint)
            self._put(
                one, state=result.state, reason=result.reason, detail=result.detail,
                next_at=result.next_at, attempts=one.delivery.attempts + made,
                window_attempts=one.delivery.window_attempts + made,
                window_started_at=(
                    result.attempt.at
                    if result.attempt is not None and not one.delivery.window_attempts
                    else one.delivery.window_started_at
                ),
            )  # fmt: skip
            self.recorded.append(result)
        for one in results:
            of = self.rows[one.delivery].delivery
            if one.state is DeliveryState.PENDING:
                self.heard([Due(of.seq, of.target, one.next_at, of.fair_key)])

    async def release_paused(self) -> Moved:
        paused = Selection(state=DeliveryState.HELD, reason=Reason.PAUSED)
        return Moved(0) if self.paused else await self.move(paused, Verb.RELEASE, Reason.RETRY)

    async def move(self, where: Selection, verb: Verb, reason: Reason, detail: str = "") -> Moved:
        await self._call()
        due = []
        for one in list(self.rows.values()):
            of = one.delivery
            wanted = [where.target, where.route, where.state, where.reason]
            if of.state not in MOVES[verb].leaves or any(
                want not in {None, has}
                for want, has in zip(
                    wanted, [of.target, of.route, of.state, of.reason], strict=True
                )
            ):
                continue
            fresh = {"window_attempts": 0, "window_started_at": clock(), "next_at": clock()}
            self._put(
                one, state=MOVES[verb].to, reason=reason, detail=detail,
                **(fresh if MOVES[verb].new_window else {}),
            )  # fmt: skip
            if MOVES[verb].to is DeliveryState.PENDING:
                due.append(Due(of.seq, of.target, clock(), of.fair_key))
        if due:
            self.heard(due)
        return Moved(len(due), due)


@dataclass
class Outside:
    """The way out. Checks what must hold whatever a test is about."""

    answer: Callable[[Call], Awaitable[Answer]]
    running: dict[str, int] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    now: set[str] = field(default_factory=set)

    def send(self, call: Call) -> asyncio.Future[Answer]:
        return asyncio.ensure_future(self._send(call))

    async def _send(self, call: Call) -> Answer:
        id = dict(pairs(call))["webhook-id"]
        assert id not in self.now, "attempted twice at once"
        self.now.add(id)
        self.order.append(id)
        self.running[call.url] = self.running.get(call.url, 0) + 1
        self.most[call.url] = max(self.most.get(call.url, 0), self.running[call.url])
        try:
            return await self.answer(call)
        finally:
            self.now.discard(id)
            self.running[call.url] -= 1


class Silent:
    """Counts nothing, logs nothing."""

    def delivered(self, target: str) -> None: ...

    def attempted(self, target: str, result: str, seconds: float) -> None: ...

    def line(self, _: AttemptLine) -> None: ...


@dataclass
class Setting:
    """What a test has in its hands."""

    store: MemoryDeliveries
    outside: Outside
    pauses: Pauses
    dispatcher: Dispatcher
    plan: Plan
    reports: list[BaseException]
    gates: Gates
    attempts: Attempts

    async def until(self, true: Callable[[], bool], *, every: float = 0.05) -> None:
        """Lets virtual time pass until something holds, looking every so many seconds."""
        async with asyncio.timeout(100 * 24 * 3600):
            while not true():
                await asyncio.sleep(every)


async def no_tokens(*_: object, **__: object) -> bytes:
    raise AssertionError("nobody here asks for a token")


async def takes(_: Call) -> Answer:
    return OK


@asynccontextmanager
async def dispatching(
    whole: Plan,
    answer: Callable[[Call], Awaitable[Answer]] = takes,
    *,
    before: Callable[[MemoryDeliveries], None] = lambda _: None,
    tokens: Tokens | None = None,
) -> AsyncIterator[Setting]:
    """A dispatcher that has started. `before` fills the store it finds."""
    store, outside, pauses, silent = MemoryDeliveries(), Outside(answer), Pauses(), Silent()
    reports: list[BaseException] = []
    gates = Gates(lambda: one.plan, clock, lambda: 0.0)
    attempts = Attempts(
        plan=lambda: one.plan, sender=outside, pauses=pauses, gates=gates, clock=clock,
        tokens=tokens or Tokens(no_tokens, lambda: one.plan.oauth2s, clock),
        random=lambda: 1.0, metrics=silent, log=silent.line,
    )  # fmt: skip
    dispatcher = Dispatcher(
        store, attempts, lambda: one.plan, clock, reports.append, writable=lambda: store.writable
    )
    store.heard = dispatcher.due
    one = Setting(store, outside, pauses, dispatcher, whole, reports, gates, attempts)
    before(store)
    await dispatcher.start()
    yield one
    await dispatcher.drain(25.0)
