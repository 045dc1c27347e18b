"""The token bucket: the rate holds over any time, and a late timer loses nothing of it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.delivery.limits import new, opens_at, took

T = 1_790_000_000.0


def times(rate: float, seconds: float, late: float = 0.0) -> list[float]:
    """When attempts begin that are always waiting, each looked for `late` seconds after its time."""
    bucket, now, found = new(rate, T), T, []
    while now < T + seconds:
        at = opens_at(bucket, now)
        if at > now:
            now = at + late
            continue
        bucket = took(bucket, now)
        found.append(now)
    return found


@pytest.mark.parametrize("rate", [1.0, 10.0, 100.0, 1000.0])
@pytest.mark.parametrize("late", [0.0, 0.002, 0.02])
def test_the_rate_holds_within_five_percent_over_ten_seconds(rate: float, late: float) -> None:
    assert len(times(rate, 10.0, late)) == pytest.approx(rate * 10, rel=0.05)


@settings(deadline=None)
@given(st.floats(0.01, 5000), st.floats(0.5, 30))
def test_no_stretch_of_time_holds_more_than_the_rate_and_what_is_saved(
    rate: float, seconds: float
) -> None:
    found = times(rate, min(seconds, 2000 / rate))
    for start in range(0, len(found), 7):
        for end in range(start, len(found), 11):
            most = (found[end] - found[start]) * rate + 1.0 + rate * 0.1
            assert end - start + 1 <= most + 0.1


def test_idle_time_is_not_saved_up() -> None:
    bucket, now = took(new(100.0, T), T), T + 3600
    count = 0
    while opens_at(bucket, now) <= now:
        bucket, count = took(bucket, now), count + 1
    assert count == 11


def test_a_clock_that_goes_back_gives_no_token_twice() -> None:
    bucket = took(new(1.0, T), T)
    bucket = took(bucket, T + 1)
    assert opens_at(bucket, T - 100) > T - 100
    assert opens_at(bucket, T + 1.5) == pytest.approx(T + 2)
