"""Keys of lanes, bursts and shares: equal values are one key, nothing is none, and no sender can fill
an index with one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ExpressionFailed
from gateway.routing.budget import Budget
from gateway.routing.expressions import compile_expression
from gateway.routing.match import Debounce
from gateway.routing.scope import Scope
from gateway.routing.ties import LONGEST, judge, key_of, keys_of, share_of
from tests import fakes

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def scope(**payload: object) -> Scope:
    return Scope({}, payload, {}, "hub", "vcs.push", "evt_1")


def key(value: object, text: str = "payload.key") -> str | None:
    return key_of(compile_expression(text), scope(key=value), Budget())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("refs/heads/main", "refs/heads/main"),
        ("", None),
        (None, None),
        (7, "7"),
        ("7", "7"),
        (False, "false"),
        ([1, "a"], '[1,"a"]'),
    ],
)
def test_a_value_is_its_text(value: object, expected: str | None) -> None:
    assert key(value) == expected


def test_a_missing_value_is_no_key() -> None:
    assert key_of(compile_expression("payload.other.deeper"), scope(), Budget()) is None


@given(st.text())
def test_any_text_is_a_short_printable_key_of_its_own(value: str) -> None:
    found = key(value)
    assert (found is None) == (value == "")
    if found is not None:
        assert len(found) <= LONGEST
        assert found.isprintable()
        assert found == value or found.startswith("sha256:")


def test_long_keys_that_differ_at_their_ends_are_two() -> None:
    assert key("a" * 1000 + "x") != key("a" * 1000 + "y")
    assert key("a" * 1000) == key("a" * 1000)


def test_a_nul_cannot_cut_a_key_short() -> None:
    assert key("a\0b") != key("a\0c")


@given(ANY_JSON)
def test_any_value_is_a_key_or_none_or_fails_as_an_expression(value: object) -> None:
    try:
        found = key(value)
    except ExpressionFailed:
        return
    assert found is None or len(found) <= LONGEST


FAILS = compile_expression("payload.a + 1")


def test_a_key_that_cannot_be_judged_says_which() -> None:
    at = scope(a="text")
    assert judge(fakes.route(order_by=FAILS), at, Budget()).failed.startswith("order_by: ")
    burst = Debounce(FAILS, 5.0, 50.0)
    assert judge(fakes.route(debounce=burst), at, Budget()).failed.startswith("debounce: ")


def test_without_a_key_a_burst_does_not_wait() -> None:
    burst = fakes.route(debounce=Debounce(compile_expression("payload.key"), 5.0, 50.0))
    assert judge(burst, scope(), Budget()).wait == 0.0
    ties = judge(burst, scope(key="k"), Budget())
    assert (ties.wait, ties.burst) == (5.0, "k")
    keys = keys_of(burst, ties, None, 1000.0)
    assert keys is not None
    assert keys.burst_until == 1050.0


def test_only_a_lane_can_be_stopped() -> None:
    stops = fakes.route(order_by=compile_expression("payload.key"), on_dead="hold")
    with_key, without = judge(stops, scope(key="k"), Budget()), judge(stops, scope(), Budget())
    keys = keys_of(stops, with_key, None, 0.0)
    assert keys is not None
    assert (keys.order, keys.stops) == ("k", True)
    assert keys_of(stops, without, None, 0.0) is None


def test_those_without_a_share_of_their_own_have_one_together() -> None:
    shares = {"one": compile_expression("payload.key"), "two": FAILS}
    assert share_of(shares, "one", scope(key="k"), Budget()) == "k"
    assert share_of(shares, "one", scope(), Budget()) == ""
    assert share_of(shares, "two", scope(a="text"), Budget()) == ""
    assert share_of(shares, "three", scope(key="k"), Budget()) is None
