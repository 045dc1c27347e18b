"""Times: UTC with `Z`, or none. No zone is guessed, no impossible moment passes."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.providers import times


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-24T10:00:00Z", "2026-11-24T10:00:00Z"),
        ("2026-11-24t10:00:00z", "2026-11-24T10:00:00Z"),
        ("2026-11-24T10:00:00+02:00", "2026-11-24T08:00:00Z"),
        ("2026-11-24T10:00:00-0530", "2026-11-24T15:30:00Z"),
        ("2026-11-24T00:30:00+01:00", "2026-11-23T23:30:00Z"),
        ("2016-08-12 15:23:28 UTC", "2016-08-12T15:23:28Z"),
        ("2026-11-24T10:00:00.120Z", "2026-11-24T10:00:00.12Z"),
        ("2026-11-24T10:00:00,5Z", "2026-11-24T10:00:00.5Z"),
        ("2026-11-24T10:00:00.123456789Z", "2026-11-24T10:00:00.123456789Z"),
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
        (" 2026-11-24T10:00:00Z ", "2026-11-24T10:00:00Z"),
    ],
)
def test_a_written_time_is_read_as_utc(text: str, utc: str | None) -> None:
    assert times.from_text(text) == utc


@pytest.mark.parametrize(
    "text",
    [
        *("", "now", "2026-11-24", "24.11.2026 10:00", "1790000000", "2026-11-24T10:00Z"),
        *("2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z", "2026-11-24T24:00:00Z"),
        *("2026-11-24T10:60:00Z", "2026-11-24T10:00:61Z", "2026-11-24T10:00:75Z"),
        *("0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"),
        *("2026-11-24T10:00:00+99:99", "2026-11-24T10:00:00+24:00", "2026-11-24T10:00:00+01:60"),
        "２０２６-11-24T10:00:00Z",
    ],
)
def test_what_is_no_moment_is_none(text: str) -> None:
    assert times.from_text(text) is None


def test_a_local_time_needs_the_senders_zone() -> None:
    assert times.from_text("2026-11-24 18:00:00") is None
    assert times.from_text("2026-11-24 18:00:00", "+08:00") == "2026-11-24T10:00:00Z"
    assert times.from_text("2026-11-24 18:00:00Z", "+08:00") == "2026-11-24T18:00:00Z"


@pytest.mark.parametrize(
    ("number", "unit", "utc"),
    [
        (0, "s", "1970-01-01T00:00:00Z"),
        (1_790_000_000, "s", "2026-09-21T14:13:20Z"),
        (1_790_000_000_050, "ms", "2026-09-21T14:13:20.05Z"),
        (1_790_000_000.5, "s", "2026-09-21T14:13:20.5Z"),
        (0.9999999, "s", "1970-01-01T00:00:01Z"),
        (253_402_300_799, "s", "9999-12-31T23:59:59Z"),
        (253_402_300_800, "s", None),
        (1_790_000_000.05, "s", "2026-09-21T14:13:20.05Z"),
        (-1, "s", None),
        (1e300, "ms", None),
    ],
)
def test_a_unix_time_is_read_in_its_unit(number: float, unit: str, utc: str | None) -> None:
    assert times.from_number(number, unit) == utc


@given(st.datetimes(timezones=st.timezones()))
def test_any_moment_written_with_its_offset_is_the_same_in_utc(moment: datetime) -> None:
    offset = moment.utcoffset()
    if offset is None or offset.total_seconds() % 60:
        return  # an offset of seconds cannot be written
    read = times.from_text(moment.isoformat())
    try:
        wanted = moment.astimezone(UTC)
    except OverflowError:
        assert read is None
        return
    assert read is not None
    assert datetime.fromisoformat(read) == wanted
    assert times.seconds(read) == pytest.approx(wanted.timestamp())


@given(
    st.text(max_size=40),
    st.floats() | st.integers(-(2**63), 2**64),
    st.sampled_from(["s", "ms"]),
)
def test_nothing_given_as_a_time_raises(text: str, number: float, unit: str) -> None:
    for read in (times.from_text(text), times.from_number(number, unit)):
        assert read is None or times.seconds(read) >= times.seconds("0001-01-01T00:00:00Z")
