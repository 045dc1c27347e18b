"""One attempt, from a delivery that is leased to the result that is to be recorded.

Asks the plan as it is at this moment: a route or target that is gone, a pause, an expression that
fails all end as a hold with its reason, never as a loss.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from gateway.delivery.gate import Gate, Pick
from gateway.delivery.gates import Gates
from gateway.delivery.hiding import hide
from gateway.delivery.outcomes import said
from gateway.delivery.pauses import Pauses
from gateway.delivery.ports import AttemptLine, Metrics, Sender
from gateway.delivery.render import Request, lane, render, wanted
from gateway.delivery.retry import decide, error_class
from gateway.delivery.tokens import AuthFailed, Tokens
from gateway.errors import ExpressionFailed
from gateway.model.record import record
from gateway.model.records import Attempt, Result, Work
from gateway.model.states import DeliveryState, Reason, Trigger
from gateway.net.egress import Call
from gateway.net.sending import Answer
from gateway.plan.credentials import OAuth2
from gateway.plan.plan import Plan, Target
from gateway.routing.match import Route

JUDGE: Final = "judge again"
"""Detail of a delivery that was held by an expression and retried: its `when` is asked anew."""


Begun = tuple["asyncio.Future[Any]", Callable[[], Result]]
"""An attempt under way: when its future is done, what it came to can be asked for. That raises what
ended it otherwise."""
Send = Callable[[Call], "asyncio.Future[Answer]"]


@dataclass(frozen=True, slots=True)
class Attempts:
    """Makes attempts."""

    plan: Callable[[], Plan]
    sender: Sender
    pauses: Pauses
    gates: Gates
    tokens: Tokens
    clock: Callable[[], float]
    random: Callable[[], float]
    metrics: Metrics
    log: Callable[[AttemptLine], None] | None
    """None where nobody reads it."""

    async def make(self, work: Work) -> Result:
        """`begin`, and waits for the end."""
        return await _whole(self.begin(work))

    def begin(self, work: Work) -> Begun:
        """Tries a leased delivery once, or says why it is not tried."""
        now = self.clock()
        ready = self._ready(work, now)
        if isinstance(ready, Result):
            return _at_once(ready)
        if ready.target.oauth2 is not None:
            task = asyncio.create_task(self._authorized(work, ready, ready.target.oauth2))
            return task, task.result
        return self._send(work, ready, self.sender.send, now)

    async def _authorized(self, work: Work, ready: "_Ready", how: OAuth2) -> Result:
        """Gets a token first."""
        try:
            token = await self.tokens.get(how)
        except AuthFailed as failed:
            return _hold(work, Reason.AUTH, str(failed), self.clock())

        def send(call: Call) -> "asyncio.Future[Answer]":
            return asyncio.create_task(self._with_token(call, how, token))

        return await _whole(self._send(work, ready, send, self.clock()))

    def _send(self, work: Work, ready: "_Ready", send: Send, now: float) -> Begun:
        gate = self.gates.of(ready.target.name)
        pick = gate.pick(work.endpoint, now)
        if pick is None:  # the last endpoint was taken out since this attempt was begun
            seq = work.delivery.seq
            return _at_once(Result(seq, DeliveryState.PENDING, Reason.BREAKER_OPEN, "", now, None))
        try:
            answer = send(_call(ready, pick))
        except BaseException:
            gate.abandoned(pick, now)
            raise
        return answer, partial(self._ended, work, ready, gate, pick, answer)

    def _ended(
        self, work: Work, ready: "_Ready", gate: Gate, pick: Pick, future: "asyncio.Future[Answer]"
    ) -> Result:
        now = self.clock()
        try:
            answer = future.result()
        except BaseException:
            gate.abandoned(pick, now)
            raise
        gate.ended(pick, said(answer, now), now)
        return self._result(work, ready, pick, answer, now)

    async def _with_token(self, call: Call, how: OAuth2, token: str) -> Answer:
        """Sends with a token; once more with another if that is refused."""
        answer = await self.sender.send(_bearing(call, token))
        if answer.status != HTTPStatus.UNAUTHORIZED:
            return answer
        now = asyncio.get_running_loop().time
        until = now() + call.timeout - answer.duration
        try:
            async with asyncio.timeout_at(until):
                other = await self.tokens.instead_of(how, token)
        except TimeoutError:
            return answer
        if other is None:
            return answer
        again = await self.sender.send(replace(_bearing(call, other), timeout=until - now()))
        return replace(again, duration=answer.duration + again.duration)

    def _ready(self, work: Work, now: float) -> "_Ready | Result":
        """What is to be sent, or what the delivery comes to without an attempt."""
        delivery, event = work.delivery, work.event
        plan = self.plan()
        if why := self.pauses.why(event.source, delivery.route, delivery.target):
            return _hold(work, Reason.PAUSED, why, now)
        target = plan.targets.get(delivery.target)
        if target is None:
            why = f"routes.yaml has no target {delivery.target!r} any more"
            return _hold(work, Reason.TARGET_GONE, why, now)
        route = plan.routes.get(delivery.route)
        if route is None:
            why = f"routes.yaml has no route {delivery.route!r} any more"
            return _hold(work, Reason.ROUTE_GONE, why, now)
        trigger = Trigger.RETRY if delivery.window_attempts else delivery.trigger
        try:
            if delivery.detail == JUDGE and (judged := _judged(work, route, now)) is not None:
                return judged
            return _Ready(target, trigger, render(work, route, target, now, trigger))
        except ExpressionFailed as failed:
            return _hold(work, Reason.EXPRESSION, str(failed), now)

    def _result(
        self, work: Work, ready: "_Ready", pick: Pick, answer: Answer, done: float
    ) -> Result:
        delivery, target = work.delivery, ready.target
        decision = decide(answer, delivery, target.retry, done, self.random())
        number = delivery.attempts + 1
        delivered = decision.state is DeliveryState.DELIVERED
        error = None if delivered else error_class(answer)
        self.metrics.attempted(target.name, error or "delivered", answer.duration)
        if delivered:
            self.metrics.delivered(target.name)
        if self.log is not None:
            self.log(
                AttemptLine(
                    event_id=work.event.id, delivery=delivery.id, route=delivery.route,
                    target=target.name, endpoint=pick.label, number=number, status=answer.status,
                    error=error or "", state=decision.state, seconds=answer.duration,
                )
            )  # fmt: skip
        attempt = Attempt(
            number, pick.began, pick.label, answer.status, error, answer.message, answer.duration,
            self._shown(answer.excerpt, target) if answer.excerpt else b"", ready.trigger,
        )  # fmt: skip
        return Result(
            delivery.seq, decision.state, decision.reason, decision.detail, decision.next_at,
            attempt,
        )  # fmt: skip

    def _shown(self, excerpt: bytes, target: Target) -> bytes:
        """What people see of an answer."""
        if target.oauth2 is not None and (token := self.tokens.held(target.oauth2)):
            excerpt = hide(excerpt, [token.encode()])
        return hide(excerpt, target.hidden) if target.hidden else excerpt


async def _whole(begun: Begun) -> Result:
    future, result = begun
    try:
        await future
    finally:
        found = result()
    return found


def _at_once(result: Result) -> Begun:
    """An attempt that is over before it began."""
    future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
    future.set_result(result)
    return future, future.result


@record
class _Ready:
    """An attempt that lacks only its endpoint."""

    target: Target
    trigger: Trigger
    request: Request


def _bearing(call: Call, token: str) -> Call:
    return replace(call, headers=f"{call.headers}Authorization: Bearer {token}\r\n")


def _call(ready: _Ready, pick: Pick) -> Call:
    target = ready.target
    return Call(
        pick.spot.url,
        ready.request.headers,
        ready.request.body,
        target.timeout,
        target.connect_timeout,
        address=pick.spot.address,
        answer_most=target.answer,
        tls=target.tls.context if target.tls is not None else None,
    )


def _judged(work: Work, route: Route, now: float) -> Result | None:
    """What a route says anew of a delivery that its expressions had held; None: it is tried."""
    seq = work.delivery.seq
    if not wanted(work, route):
        why = "`when` was judged again and is false"
        return Result(seq, DeliveryState.CANCELED, Reason.NOT_WANTED, why, now, None)
    joins = lane(work, route)
    if joins is None:
        return None
    return Result(seq, DeliveryState.PENDING, Reason.RETRY, "", now, None, joins)


def _hold(work: Work, reason: Reason, why: str, now: float) -> Result:
    return Result(work.delivery.seq, DeliveryState.HELD, reason, why, now, None)
