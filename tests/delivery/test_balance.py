"""Whose turn it is: each policy keeps its word, whatever may be tried at a moment."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.delivery.balance import MANY, POLICIES, Candidate, Policy, keeping_up

SUBSETS = st.lists(st.sets(st.integers(0, 5), min_size=1), min_size=1, max_size=60)


def candidates(*weights: int) -> list[Candidate]:
    return [Candidate(place, place, weight) for place, weight in enumerate(weights)]


def chosen(policy: Policy, among: Sequence[Candidate], times: int) -> list[int]:
    places = []
    for _ in range(times):
        one, policy = policy.choose(among, 0.0)
        places.append(one.place)
    return places


@given(st.sampled_from(sorted(POLICIES)), SUBSETS, st.lists(st.floats(0, 1, exclude_max=True)))
def test_only_what_may_be_tried_is_chosen(
    name: str, moments: list[set[int]], random: list[float]
) -> None:
    policy = POLICIES[name]
    for number, places in enumerate(moments):
        among = [Candidate(place, place, place + 1, place % 3) for place in sorted(places)]
        one, policy = policy.choose(among, random[number] if number < len(random) else 0.99)
        assert one in among


@given(st.lists(st.integers(1, 20), min_size=1, max_size=6))
def test_the_weighted_split_is_exact_over_each_cycle(weights: list[int]) -> None:
    cycle = sum(weights)
    places = chosen(POLICIES["weighted"], candidates(*weights), 3 * cycle)
    for start in range(0, 3 * cycle, cycle):
        counts = Counter(places[start : start + cycle])
        assert [counts[place] for place in range(len(weights))] == weights


def test_the_weighted_turn_is_smooth() -> None:
    assert chosen(POLICIES["weighted"], candidates(5, 1, 1), 7) == [0, 0, 1, 0, 2, 0, 0]


@given(st.integers(1, 6), st.integers(1, 50))
def test_round_robin_is_even(number: int, rounds: int) -> None:
    places = chosen(POLICIES["round_robin"], candidates(*[1] * number), number * rounds)
    assert places == list(range(number)) * rounds


def test_round_robin_goes_on_after_the_last_one_even_when_that_is_out() -> None:
    everybody = candidates(1, 1, 1)
    one, policy = POLICIES["round_robin"].choose(everybody, 0.0)
    one, policy = policy.choose(everybody, 0.0)
    assert one.place == 1
    one, policy = policy.choose([everybody[0], everybody[2]], 0.0)
    assert one.place == 2
    one, policy = policy.choose([everybody[1], everybody[2]], 0.0)
    assert one.place == 1


@given(SUBSETS)
def test_failover_takes_the_first_that_may_be_tried(moments: list[set[int]]) -> None:
    policy = POLICIES["failover"]
    for places in moments:
        one, policy = policy.choose([Candidate(place, place) for place in sorted(places)], 0.0)
        assert one.place == min(places)


def test_failover_spreads_over_the_addresses_of_the_first_name() -> None:
    among = [Candidate(0, 0), Candidate(1, 0), Candidate(2, 1)]
    assert chosen(POLICIES["failover"], among, 6) == [0, 1, 0, 1, 0, 1]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=6))
def test_least_pending_takes_one_of_the_least_busy(pending: list[int]) -> None:
    among = [Candidate(place, place, 1, busy) for place, busy in enumerate(pending)]
    places = chosen(POLICIES["least_pending"], among, 2 * len(pending))
    least = [place for place, busy in enumerate(pending) if busy == min(pending)]
    assert places == (least * 2 * len(pending))[: 2 * len(pending)], "ties in turn"


@given(st.floats(0, 1, exclude_max=True))
def test_random_reaches_each_by_an_equal_share_of_its_numbers(random: float) -> None:
    one, _ = POLICIES["random"].choose(candidates(1, 9, 1), random)
    assert one.place == int(random * 3)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 99)), min_size=1, max_size=6))
def test_who_lags_has_many_under_way_and_was_silent_and_somebody_is_always_left(
    known: list[tuple[int, int]],
) -> None:
    among = [Candidate(n, n, 1, pending, silent) for n, (pending, silent) in enumerate(known)]
    well = keeping_up(among)
    assert well
    lags = [one.pending >= MANY and one.silent >= MANY * len(among) for one in among]
    assert [one in well for one in among] == [not lag or all(lags) for lag in lags]


def test_an_endpoint_that_hangs_is_passed_by_before_it_holds_every_slot() -> None:
    policy, hanging, ended = POLICIES["round_robin"], 0, 0
    for _ in range(1000):
        others = [Candidate(1, 1), Candidate(2, 2)]
        one, policy = policy.choose([Candidate(0, 0, 1, hanging, ended), *others], 0.0)
        hanging += one.place == 0
        ended += one.place != 0
    assert hanging <= 7


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_choosing_changes_no_policy_that_others_hold(name: str) -> None:
    among = candidates(3, 2, 1)
    first = chosen(POLICIES[name], among, 12)
    assert chosen(POLICIES[name], among, 12) == first
