"""The breaker: when it opens, how long, who is let through, and what is not counted."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.delivery.breaker import (
    NEVER,
    Breaker,
    abandoned,
    begun,
    closed_by_hand,
    cooldown,
    ended,
    opened_by_hand,
    opens_at,
)
from gateway.model.endpoints import BreakerState
from gateway.plan.plan import BreakerPolicy

POLICY = BreakerPolicy(failures=5, cooldown=30.0, cap=300.0)
RATIO = BreakerPolicy(failures=None, ratio=0.5, window=30.0, minimum=20)
T = 1_790_000_000.0


def after(results: str, policy: BreakerPolicy = POLICY, breaker: Breaker | None = None) -> Breaker:
    """One attempt a second: g is good, b is bad."""
    breaker = breaker or Breaker()
    for second, result in enumerate(results):
        breaker = ended(breaker, policy, T + second, T + second, good=result == "g")
    return breaker


def opened() -> Breaker:
    return after("bbbbb")


def test_it_opens_after_so_many_failures_in_a_row_and_not_one_earlier() -> None:
    assert after("bbbb").state is BreakerState.CLOSED
    assert after("bbbbgbbbb").state is BreakerState.CLOSED
    assert after("gbbbbb").state is BreakerState.OPEN


def test_a_ratio_needs_its_minimum_and_looks_back_no_further_than_its_window() -> None:
    assert after("gb" * 9 + "g", RATIO).state is BreakerState.CLOSED
    assert after("gb" * 10, RATIO).state is BreakerState.OPEN
    assert after("ggb" * 30, RATIO).state is BreakerState.CLOSED
    assert after("g" * 60 + "b" * 12, RATIO).state is BreakerState.CLOSED
    assert after("g" * 60 + "b" * 16, RATIO).state is BreakerState.OPEN


def test_a_ratio_is_reached_exactly_where_it_is_written() -> None:
    for bad in range(1, 100):
        policy = replace(RATIO, ratio=bad / 100, minimum=100, window=1000.0)
        results = "g" * (100 - bad) + "b" * bad
        assert after(results, policy).state is BreakerState.OPEN
        assert after("g" + results, policy).state is BreakerState.CLOSED


def test_without_failures_in_a_row_only_the_ratio_counts() -> None:
    assert after("b" * 19, RATIO).state is BreakerState.CLOSED


def test_while_open_nothing_begins_and_then_one_probe_does() -> None:
    breaker = opened()
    assert opens_at(breaker, T + 5) == T + 4 + 30
    probing = begun(breaker, T + 34)
    assert probing.state is BreakerState.HALF_OPEN
    assert opens_at(probing, T + 34) == NEVER, "the second waits for the first"


def test_the_probe_decides() -> None:
    probing = begun(opened(), T + 34)
    well = ended(probing, POLICY, T + 35, T + 34, good=True)
    assert (well.state, well.failed, well.openings) == (BreakerState.CLOSED, 0, 0)
    again = ended(probing, POLICY, T + 35, T + 34, good=False)
    assert (again.state, again.until) == (BreakerState.OPEN, T + 35 + 60)


def test_the_cooldown_doubles_up_to_its_cap() -> None:
    assert [cooldown(POLICY, n) for n in range(6)] == [30, 60, 120, 240, 300, 300]
    assert cooldown(POLICY, 10_000) == 300


def test_what_began_before_it_opened_decides_nothing() -> None:
    late = ended(opened(), POLICY, T + 10, T - 1, good=True)
    assert late.state is BreakerState.OPEN
    probing = begun(late, T + 34)
    assert ended(probing, POLICY, T + 35, T - 1, good=True) == probing
    assert ended(probing, POLICY, T + 35, T - 1, good=False) == probing
    well = ended(probing, POLICY, T + 36, T + 34, good=True)
    hung = well
    for _ in range(50):
        hung = ended(hung, POLICY, T + 37, T - 1, good=False)
    assert hung.state is BreakerState.CLOSED, "fifty that hung since before say nothing of now"


def test_a_probe_that_was_never_sent_leaves_its_turn_to_another() -> None:
    breaker = abandoned(begun(opened(), T + 34), T + 34, T + 34)
    assert opens_at(breaker, T + 34) == T + 34
    assert begun(breaker, T + 34).state is BreakerState.HALF_OPEN
    assert breaker.openings == 1, "and the cooldown goes on growing from where it was"
    assert abandoned(opened(), T + 9, T).until == opened().until


def test_by_hand_open_is_open_until_closed_by_hand() -> None:
    breaker = opened_by_hand(T)
    assert opens_at(breaker, T + 1e9) == NEVER
    assert ended(breaker, POLICY, T + 1, T - 1, good=True) == breaker
    closed = closed_by_hand(T + 2)
    assert opens_at(closed, T + 2) == T + 2
    assert closed.openings == 0


@given(
    st.lists(st.tuples(st.sampled_from(["begin", "good", "bad", "lost"]), st.floats(0, 90))),
    st.sampled_from([POLICY, RATIO, replace(POLICY, ratio=0.3, minimum=3)]),
)
def test_whatever_happens_there_is_one_probe_at_most_and_always_a_way_on(
    steps: list[tuple[str, float]], policy: BreakerPolicy
) -> None:
    breaker, now, running = Breaker(), T, list[float]()
    for what, passes in steps:
        now += passes
        if what == "begin":
            if opens_at(breaker, now) <= now:
                breaker = begun(breaker, now)
                running.append(now)
        elif running:
            began = running.pop(0)
            if what == "lost":
                breaker = abandoned(breaker, now, began)
            else:
                breaker = ended(breaker, policy, now, began, good=what == "good")
        if breaker.state is BreakerState.HALF_OPEN:
            assert sum(1 for began in running if began >= breaker.since) == 1
        else:
            assert opens_at(breaker, now) <= now + policy.cap, "it never stays shut by itself"


@given(st.text("gb", max_size=200))
def test_the_window_stays_small(results: str) -> None:
    window = after(results, replace(RATIO, ratio=1.0, minimum=1000)).window
    assert len(window) <= 10
    assert all(one.number < two.number for one, two in pairwise(window))
    assert sum(one.good + one.bad for one in window) >= min(27, len(results))
