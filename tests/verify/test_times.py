"""A signed time is exactly of its unit, or it is no time."""

import pytest

from gateway.verify.times import outside, read


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (b"1790000000", "s", 1_790_000_000.0),
        (b"1790000000123", "ms", 1_790_000_000.123),
        (b"2026-09-21T14:13:20Z", "rfc3339", 1_790_000_000.0),
        (b"2026-09-21t14:13:20z", "rfc3339", 1_790_000_000.0),
        (b"2026-09-21 16:13:20+02:00", "rfc3339", 1_790_000_000.0),
        (b"2026-09-21T14:13:20.500Z", "rfc3339", 1_790_000_000.5),
        (b"2026-09-21T14:13:20.123456789Z", "rfc3339", 1_790_000_000.123456),
    ],
)
def test_a_time_of_its_unit_is_read(value, unit, expected) -> None:
    assert read(value, unit) == expected


@pytest.mark.parametrize(
    "value",
    [
        b"2026-09-21T14:13:20",
        b"2026-09-21T14:13:20 ",
        b"2026-09-21",
        b"2026-09-21T14:13Z",
        b"2026-09-21T14:13:20,5Z",
        b"2026-09-21T14:13:20.Z",
        b"2026-09-21T14:13:20+0200",
        b"2026-13-21T14:13:20Z",
        b"2026-09-21T24:13:20Z",
        b"2026-09-21T14:13:60Z",
        b"1790000000",
        b" 2026-09-21T14:13:20Z",
        b"2026-09-21T14:13:20Z\n",
        "٢٠٢٦-09-21T14:13:20Z".encode(),
        b"\xff\xfe",
    ],
)
def test_a_written_time_without_a_zone_or_of_another_form_is_none(value) -> None:
    assert read(value, "rfc3339") is None


@pytest.mark.parametrize("value", [b"", b"-1", b"+1", b" 1", b"1 ", b"1.0", b"1_0", b"9" * 16])
@pytest.mark.parametrize("unit", ["s", "ms"])
def test_a_number_that_is_not_digits_alone_is_none(value, unit) -> None:
    assert read(value, unit) is None


@pytest.mark.parametrize(
    ("age", "stale"), [(300, False), (-300, False), (300.5, True), (-301, True)]
)
def test_the_window_is_as_wide_on_either_side(age, stale) -> None:
    assert (outside(1000.0, 1000.0 + age, 300.0) is not None) == stale
