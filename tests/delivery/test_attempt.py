"""One attempt by the plan of its moment: sent, held with a reason, or judged again."""

import pytest

from gateway.delivery.attempt import JUDGE, Attempts
from gateway.delivery.gates import Gates
from gateway.delivery.pauses import Pauses
from gateway.delivery.ports import AttemptLine
from gateway.delivery.tokens import Tokens
from gateway.model.records import Result, Work
from gateway.model.states import REASONS, DeliveryState, ErrorClass, Reason, Trigger
from gateway.net.egress import Call
from gateway.net.sending import Answer
from gateway.plan.plan import Endpoint, Plan
from gateway.routing.expressions import compile_expression
from gateway.routing.transform import compile_transform
from gateway.store.protocol import Pause
from tests import fakes
from tests.delivery.rendering import stored, with_header
from tests.delivery.setting import OK, Outside, no_tokens, plan, target

NOW = 1_790_000_000.0


class Counted:
    """What the metrics were told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, ...]] = []

    def delivered(self, target: str) -> None:
        self.told.append(("delivered", target))

    def attempted(self, target: str, result: str, seconds: float) -> None:
        self.told.append(("attempted", target, str(result)))


class Try:
    """Makes attempts and keeps all they did."""

    def __init__(self, whole: Plan, answer: Answer = OK, *pauses: Pause) -> None:
        async def answers(call: Call) -> Answer:
            self.calls.append(call)
            return answer

        self.calls: list[Call] = []
        self.lines: list[AttemptLine] = []
        self.metrics = Counted()
        self._attempts = Attempts(
            plan=lambda: whole, sender=Outside(answers), pauses=Pauses(pauses),
            gates=Gates(lambda: whole, lambda: NOW, lambda: 0.0), clock=lambda: NOW,
            tokens=Tokens(no_tokens, lambda: whole.oauth2s, lambda: NOW),
            random=lambda: 0.5, metrics=self.metrics, log=self.lines.append,
        )  # fmt: skip

    async def make(self, one: Work) -> Result:
        result = await self._attempts.make(one)
        assert result.reason in REASONS[result.state]
        assert (result.attempt is None) == (not self.calls), "no attempt without a request"
        return result


def routed(**route: object) -> Plan:
    whole = plan(target())
    return Plan(
        **{name: getattr(whole, name) for name in Plan.__slots__}
        | {"routes": {"all": fakes.route(**route)}}
    )


def when(text: str) -> Plan:
    return routed(when=compile_expression(text))


async def test_a_taken_delivery_is_recorded_with_its_attempt() -> None:
    one = Try(plan(target()))
    result = await one.make(stored(attempts=7, window_attempts=2, window_started_at=NOW))
    assert (result.state, result.reason) == (DeliveryState.DELIVERED, Reason.DONE)
    attempt = result.attempt
    assert attempt is not None
    assert (attempt.number, attempt.status, attempt.error) == (8, 200, None)
    assert (attempt.answer, attempt.trigger) == (b"ok", Trigger.RETRY)
    assert one.metrics.told == [("attempted", "one", "delivered"), ("delivered", "one")]
    (line,) = one.lines
    assert (line.delivery, line.event_id, line.number, line.state) == (
        "dlv_7", "evt_7", 8, "delivered",
    )  # fmt: skip


async def test_a_failed_one_says_why_and_when_next() -> None:
    failed = Answer(None, ErrorClass.TLS_NAME, "the certificate is for another name", b"", 0.1)
    one = Try(plan(target()), failed)
    result = await one.make(stored(window_started_at=NOW))
    assert (result.state, result.reason) == (DeliveryState.PENDING, Reason.RETRY)
    assert result.next_at == NOW + 2.5
    assert result.attempt is not None
    assert result.attempt.error is ErrorClass.TLS_NAME
    assert result.attempt.message == "the certificate is for another name"
    assert one.metrics.told == [("attempted", "one", "tls_name")]


@pytest.mark.parametrize(
    ("kind", "name"), [("source", "orders"), ("route", "all"), ("target", "one")]
)
async def test_a_pause_holds_and_says_which(kind: str, name: str) -> None:
    one = Try(plan(target()), OK, Pause(kind, name, 0.0, "ops"))
    result = await one.make(stored())
    assert (result.state, result.reason) == (DeliveryState.HELD, Reason.PAUSED)
    assert result.detail == f"{kind} {name} is paused"


async def test_another_names_pause_holds_nothing() -> None:
    one = Try(plan(target()), OK, Pause("source", "one", 0.0, "ops"))
    assert (await one.make(stored())).state is DeliveryState.DELIVERED


@pytest.mark.parametrize(
    ("whole", "reason", "named"),
    [
        (plan(), Reason.TARGET_GONE, "target 'one'"),
        (plan(target(), routes=[]), Reason.ROUTE_GONE, "route 'all'"),
    ],
)
async def test_what_is_gone_is_a_hold_that_names_it(
    whole: Plan, reason: Reason, named: str
) -> None:
    result = await Try(whole).make(stored())
    assert (result.state, result.reason) == (DeliveryState.HELD, reason)
    assert named in result.detail


@pytest.mark.parametrize(
    "whole",
    [
        plan(with_header("{{ payload.name }}")),
        routed(transform=compile_transform({"n": "{{ payload.name + 1 }}"})),
    ],
    ids=["a header", "a transform"],
)
async def test_what_cannot_be_rendered_is_held_with_its_reason(whole: Plan) -> None:
    result = await Try(whole).make(stored(b'{"name": "a\\r\\nb"}'))
    assert (result.state, result.reason) == (DeliveryState.HELD, Reason.EXPRESSION)
    assert result.detail


@pytest.mark.parametrize(
    ("text", "state", "reason"),
    [
        ("payload.name == 'a'", DeliveryState.DELIVERED, Reason.DONE),
        ("payload.name == 'b'", DeliveryState.CANCELED, Reason.NOT_WANTED),
        ("payload.name + 1 > 2", DeliveryState.HELD, Reason.EXPRESSION),
    ],
)
async def test_a_persons_retry_of_a_hold_judges_its_condition_again(
    text: str, state: DeliveryState, reason: Reason
) -> None:
    result = await Try(when(text)).make(stored(detail=JUDGE))
    assert (result.state, result.reason) == (state, reason)


async def test_an_ordinary_attempt_does_not_judge_again_what_was_fixed_at_acceptance() -> None:
    result = await Try(when("payload.name == 'b'")).make(stored())
    assert result.state is DeliveryState.DELIVERED


async def test_every_attempt_asks_the_plan_of_its_moment() -> None:
    moved = plan(target(endpoints=(Endpoint("http://elsewhere.test/x"),)))
    one = Try(moved)
    await one.make(stored())
    assert one.calls[0].url == "http://elsewhere.test/x"
