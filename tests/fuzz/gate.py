"""A judge with fakes around it, and what comes in: what `judging` and `listener` attack."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from gateway.ingest.judge import Judge
from gateway.ingest.parts import BodyBroken
from gateway.model.outcomes import OUTCOMES, Outcome
from gateway.model.records import Admission, Admitted
from gateway.plan.plan import Plan
from tests import fakes
from tests.delivery.virtual import VirtualLoop
from tests.fuzz.sources import CERTAIN, HIDDEN, NOW, PASSWORD, SECRETS, WHSEC, plans

__all__ = [
    "CERTAIN",
    "HIDDEN",
    "NOW",
    "PASSWORD",
    "SECRETS",
    "WHSEC",
    "Room",
    "SlowStore",
    "Stream",
    "astray",
    "json_of",
    "loop",
    "plans",
]


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


class SlowStore(fakes.MemoryStore):
    """Takes a second for each."""

    async def accept(self, admission: Admission) -> Sequence[Admitted]:
        await asyncio.sleep(1)
        return await super().accept(admission)


@dataclass
class Room:
    """A judge and all that it can say."""

    mode: str = "x-forwarded-for"
    quiet: bool = False
    """Nobody reads the log."""
    store: fakes.MemoryStore = field(default_factory=fakes.MemoryStore)
    pauses: fakes.Pauses = field(default_factory=fakes.Pauses)
    dispatch: fakes.Dispatch = field(default_factory=lambda: fakes.Dispatch(room=1))
    ears: fakes.Ears = field(default_factory=fakes.Ears)
    clock: fakes.Clock = field(default_factory=lambda: fakes.Clock(NOW))
    ticks: fakes.Clock = field(default_factory=lambda: fakes.Clock(1000.0))
    in_flight: int = 500_000
    commits: int = 10

    def judge(self) -> Judge:
        plan = plans()[self.mode]
        return Judge(
            plan=lambda: plan,
            store=self.store,
            pauses=self.pauses,
            dispatch=self.dispatch,
            refused=self.ears.refused.append,
            metrics=self.ears,
            log=None if self.quiet else self.ears.lines.append,
            report=self.ears.reports.append,
            clock=self.clock,
            monotonic=self.ticks,
            in_flight=self.in_flight,
            commits=self.commits,
        )

    def faults(self, answers: int) -> list[str]:
        """What must hold after any requests. answers: how many were judged."""
        ears = self.ears
        found = [repr(error) for error in ears.reports]
        counted, written = len(ears.counts), len(ears.lines)
        if counted != answers or written != (0 if self.quiet else answers):
            found.append(f"{answers} answers, {counted} counted, {written} written")
        refused = [one for one in ears.outcomes if not OUTCOMES[Outcome(one)].let_in]
        if refused != [str(one.outcome) for one in ears.refused]:
            found.append("a refused request is not in the refused log")
        told = [one for one in ears.lines if not OUTCOMES[Outcome(one.outcome)].let_in]
        if told and [one.request_id for one in told] != [one.request_id for one in ears.refused]:
            found.append("the log and the refused log name requests differently")
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


def astray(admission: Admission, plan: Plan) -> list[str]:
    """Where no route asks anything: events that have not each fitting route's deliveries, and these
    alone, in the order of the file."""
    found = []
    for event in admission.events:
        wanted = [
            (route.name, target)
            for route in plan.index.routes
            if route.wants(admission.source, event.type)
            and (event.verified or route.accept_unverified)
            for target in route.targets
        ]
        made = [(delivery.route, delivery.target) for delivery in event.deliveries]
        if made != wanted:
            found.append(f"{event.type}: {made}, wanted {wanted}")
    return found


def json_of(body: bytes) -> object:
    """A reply's JSON, None where it is none."""
    try:
        return json.loads(body)
    except ValueError:
        return None
