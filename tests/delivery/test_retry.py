"""Which answers are tried again, when, and until when: over all statuses and any policy."""

from dataclasses import replace
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.delivery.retry import Verdict, decide, delay, error_class, read_retry_after, verdict
from gateway.model.ids import DeliveryId
from gateway.model.records import Delivery, Seq
from gateway.model.states import DeliveryState, ErrorClass, Reason, Trigger
from gateway.net.sending import Answer
from gateway.plan.plan import RetryPolicy

NOW = 1_790_000_000.0
AGAIN = {*range(100, 200), 401, 403, 404, 407, 408, 409, 425, 429, *range(500, 600)}
POLICIES = st.builds(
    RetryPolicy,
    base=st.floats(0.1, 600),
    cap=st.floats(1, 7200),
    window=st.floats(1, 1e6),
    attempts=st.none() | st.integers(1, 50),
)


def answer(status: int | None, error: ErrorClass | None = None, after: str | None = None) -> Answer:
    return Answer(status, error, "", b"", 0.1, after)


def delivery(attempts: int = 0, started: float = NOW) -> Delivery:
    return Delivery(
        Seq(1), DeliveryId("dlv_x"), Seq(1), "all", "sink", None, DeliveryState.LEASED, Reason.NEW,
        "", NOW, attempts + 100, started, attempts, 0, Trigger.INITIAL, None, NOW, NOW,
    )  # fmt: skip


@pytest.mark.parametrize("status", range(100, 600))
def test_every_status_means_what_the_table_says(status: int) -> None:
    decided = decide(answer(status), delivery(), RetryPolicy(), NOW, 0.5)
    if 200 <= status < 300:
        assert (decided.state, decided.reason) == (DeliveryState.DELIVERED, Reason.DONE)
    elif status in AGAIN:
        assert (decided.state, decided.reason) == (DeliveryState.PENDING, Reason.RETRY)
    else:
        gone = Reason.GONE if status == 410 else Reason.STATUS
        assert (decided.state, decided.reason) == (DeliveryState.DEAD, gone)
        assert str(status) in decided.detail


@pytest.mark.parametrize("error", ErrorClass)
def test_no_answer_is_tried_again_whatever_broke(error: ErrorClass) -> None:
    assert verdict(answer(None, error)) is Verdict.RETRY
    assert error_class(answer(None, error)) is error


def test_a_redirect_has_its_own_class_and_a_2xx_none() -> None:
    assert error_class(answer(302)) is ErrorClass.REDIRECT
    assert error_class(answer(404)) is ErrorClass.STATUS
    assert error_class(answer(204)) is None


@given(POLICIES, st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_jitter_is_full_and_never_over_the_cap(
    policy: RetryPolicy, tried: int, dice: float
) -> None:
    ceiling = min(policy.cap, policy.base * 2.0 ** min(tried - 1, 40))
    waits = delay(tried, policy, None, NOW, dice)
    assert waits == pytest.approx(ceiling * dice)
    assert 0 <= waits <= policy.cap


@given(POLICIES, st.integers(0, 10**9), st.floats(0, 1, exclude_max=True))
def test_retry_after_is_a_floor_and_is_capped(policy: RetryPolicy, asked: int, dice: float) -> None:
    waits = delay(1, policy, str(asked), NOW, dice)
    assert waits >= min(policy.cap, asked)
    assert waits <= policy.cap


@given(POLICIES, st.integers(0, 60), st.floats(0, 2e6), st.floats(0, 1, exclude_max=True))
def test_nothing_is_planned_past_the_window_or_the_count(
    policy: RetryPolicy, attempts: int, age: float, dice: float
) -> None:
    decided = decide(answer(503), delivery(attempts, NOW - age), policy, NOW, dice)
    if decided.state is DeliveryState.PENDING:
        began = NOW - age if attempts else NOW
        assert NOW <= decided.next_at <= began + policy.window
        assert policy.attempts is None or attempts + 1 < policy.attempts
    else:
        assert decided.state is DeliveryState.DEAD
        assert decided.reason in {Reason.WINDOW, Reason.ATTEMPTS}


def test_a_new_window_forgets_the_attempts_of_the_old_one() -> None:
    policy = RetryPolicy(attempts=3)
    tired = replace(delivery(2), attempts=500)
    assert decide(answer(500), tired, policy, NOW, 0.5).reason is Reason.ATTEMPTS
    renewed = replace(tired, window_attempts=0)
    assert decide(answer(500), renewed, policy, NOW, 0.5).state is DeliveryState.PENDING


@given(POLICIES, st.floats(0, 1e9), st.floats(0, 1, exclude_max=True))
def test_the_first_attempt_begins_the_window_however_long_it_was_waited_for(
    policy: RetryPolicy, age: float, dice: float
) -> None:
    late = decide(answer(503), delivery(0, NOW - age), policy, NOW, dice)
    assert late == decide(answer(503), delivery(0, NOW), policy, NOW, dice)


def test_a_date_is_read_as_well_as_seconds() -> None:
    assert read_retry_after(formatdate(NOW + 90, usegmt=True), NOW) == pytest.approx(90, abs=1)
    assert read_retry_after(formatdate(NOW - 90, usegmt=True), NOW) == 0
    assert read_retry_after(" 7 ", NOW) == 7


@given(st.text())
def test_no_retry_after_raises(text: str) -> None:
    assert read_retry_after(text, NOW) >= 0
