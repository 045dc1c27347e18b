"""Amounts: exact or none, whatever the currency's exponent and however the sender writes them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.providers import money

CODES = st.sampled_from(["EUR", "JPY", "BHD", "CLF", "UYW", "XXX"])


@pytest.mark.parametrize(
    ("value", "code", "minor"),
    [
        ("12.34", "EUR", 1234),
        (12.34, "EUR", 1234),
        (0.1, "EUR", 10),
        ("500", "JPY", 500),
        ("1.234", "BHD", 1234),
        ("1.2345", "CLF", 12345),
        ("-3.5", "EUR", -350),
        (" 7 ", "EUR", 700),
        ("12.3400", "EUR", 1234),
        ("1e3", "EUR", 100_000),
        (19.99, "EUR", 1999),
    ],
)
def test_a_decimal_becomes_minor_units(value: object, code: str, minor: int) -> None:
    assert money.from_decimal(value, code) == minor


@pytest.mark.parametrize(
    "value",
    [
        *("", "abc", "1,50", "1_000", "NaN", "sNaN", "Infinity", "-inf", "12.345", "0x10", "1 000"),
        *("1e999999", "-1e999999", "1e-999999", "9" * 40, "١٢", "１２", True, None, [], {}),
        *(1e300, float("inf"), float("nan"), "1234567890.0000000000000000000000000001"),
    ],
)
def test_what_is_no_exact_amount_is_none(value: object) -> None:
    assert money.from_decimal(value, "EUR") is None


def test_a_yen_has_no_fraction() -> None:
    assert money.from_decimal("1.5", "JPY") is None


@given(st.integers(-(10**15), 10**15), CODES)
def test_an_amount_written_and_read_is_the_same(minor: int, code: str) -> None:
    written = format(Decimal(minor).scaleb(-money.exponent(code)), "f")
    assert money.from_decimal(written, code) == minor


@given(st.text(max_size=50) | st.floats() | st.integers() | st.booleans() | st.none(), CODES)
def test_nothing_written_as_an_amount_raises(value: object, code: str) -> None:
    assert isinstance(money.from_decimal(value, code), int | None)
    assert isinstance(money.from_minor(value, code, {}), int | None)


@pytest.mark.parametrize(
    ("value", "code", "own", "minor"),
    [
        (1234, "EUR", {}, 1234),
        (500, "JPY", {}, 500),
        (500, "ISK", {"ISK": 2}, 5),
        (550, "ISK", {"ISK": 2}, None),
        (5, "BHD", {"BHD": 2}, 50),
        (10**18, "EUR", {}, 10**18),
        (10**18 + 1, "EUR", {}, None),
        (2**64 - 1, "EUR", {"EUR": 0}, None),
        ("1234", "EUR", {}, None),
        (12.0, "EUR", {}, None),
        (True, "EUR", {}, None),
    ],
)
def test_a_minor_unit_is_an_integer_of_the_senders_exponent(
    value: object, code: str, own: dict[str, int], minor: int | None
) -> None:
    assert money.from_minor(value, code, own) == minor
