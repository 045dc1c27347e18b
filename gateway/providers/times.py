"""Senders' times as RFC 3339 in UTC with `Z`, and as unix seconds. None where one cannot be read."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_FORM: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):([0-5]\d|60)(?:[.,](\d{1,9}))?\s?"
    r"(Z|z|UTC|GMT|[+-](?:[01]\d|2[0-3]):?[0-5]\d)?",
    re.ASCII,
)
_ZONE: Final = re.compile(r"([+-])(\d\d):?(\d\d)")
_LATEST: Final = 253_402_300_799
"""The end of the year 9999."""


def from_text(text: str, zone: str = "") -> str | None:
    """A written time. zone: the offset of a sender that writes none (`+08:00`)."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        return None
    written = found[8] or zone
    if not written:
        return None
    second = min(int(found[6]), 59)  # a leap second has no place in Python's calendar
    try:
        moment = datetime(
            int(found[1]), int(found[2]), int(found[3]), int(found[4]), int(found[5]), second,
            tzinfo=UTC,
        ) - _offset(written)  # fmt: skip
    except (ValueError, OverflowError):
        return None
    return _written(moment, (found[7] or "").rstrip("0"))


def _offset(zone: str) -> timedelta:
    found = _ZONE.fullmatch(zone)
    if found is None:
        return timedelta(0)
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return -offset if found[1] == "-" else offset


def from_number(number: float, unit: str) -> str | None:
    """A unix time in seconds or milliseconds."""
    seconds, rest = divmod(number, 1000) if unit == "ms" else (number, 0)
    if not 0 <= seconds <= _LATEST:
        return None
    if unit == "ms":
        whole, fraction = int(seconds), f"{int(rest):03d}"
    else:
        whole, micros = divmod(round(seconds * 1_000_000), 1_000_000)
        fraction = f"{micros:06d}"
    return _written(datetime.fromtimestamp(whole, UTC), fraction.rstrip("0"))


def _written(moment: datetime, fraction: str) -> str:
    text = moment.strftime("%Y-%m-%dT%H:%M:%S").zfill(19)
    return f"{text}.{fraction}Z" if fraction else f"{text}Z"


def seconds(text: str) -> float:
    """Unix seconds of a time that this module wrote."""
    return datetime.fromisoformat(text[:26].rstrip("Z")).replace(tzinfo=UTC).timestamp()
