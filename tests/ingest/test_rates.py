"""Token buckets: bounded, and fair over time."""

from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from gateway.ingest.rates import Buckets, network_key


def test_a_second_of_tokens_may_be_saved_up_and_no_more() -> None:
    buckets = Buckets()
    assert [buckets.take("a", 3, 0.0) for _ in range(3)] == [0, 0, 0]
    assert buckets.take("a", 3, 0.0) > 0
    assert [bool(buckets.take("a", 3, 100.0)) for _ in range(4)] == [False, False, False, True]


def test_the_wait_is_true() -> None:
    buckets = Buckets()
    buckets.take("a", 0.5, 0.0)
    wait = buckets.take("a", 0.5, 0.0)
    assert wait == 2.0
    assert buckets.take("a", 0.5, wait) == 0


@given(st.lists(st.floats(0, 5), max_size=200), st.floats(0.1, 20))
def test_never_more_than_the_rate_and_one_burst(gaps, rate) -> None:
    buckets, now, passed = Buckets(), 0.0, 0
    for gap in gaps:
        now += gap
        passed += buckets.take("a", rate, now) == 0
    assert passed <= max(rate, 1) + now * rate + 1e-6


def test_a_clock_that_goes_back_gives_nothing() -> None:
    buckets = Buckets()
    buckets.take("a", 1, 100.0)
    assert buckets.take("a", 1, 0.0) > 0


def test_memory_is_bounded_whatever_the_number_of_addresses() -> None:
    buckets = Buckets(keys=100)
    for number in range(10_000):
        buckets.take(number, 1, 0.0)
    assert len(buckets) == 100


def test_one_customer_of_ipv6_is_one_address() -> None:
    assert network_key(ip_address("2001:db8::1")) == network_key(ip_address("2001:db8::ffff"))
    assert network_key(ip_address("2001:db8::1")) != network_key(ip_address("2001:db8:0:1::1"))
    assert network_key(ip_address("192.0.2.1")) != network_key(ip_address("192.0.2.2"))
    assert network_key(None) is None
