"""Signed times: reading them strictly, and whether they are inside the window.

The clock is the caller's. A time in the future is as wrong as an old one: some senders' own
libraries forget that side.
"""

import re
from datetime import datetime

from gateway.model.outcomes import Outcome
from gateway.verify.base import Refusal, TimeUnit

_LONGEST_NUMBER = 15
"""Digits: milliseconds until the year 33658; longer ones are no times."""

# RFC 3339, 5.6 date-time; a zone is required, since a time without one means nothing here.
_RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def read(value: bytes, unit: TimeUnit) -> float | None:
    """Unix seconds, or None if the value is not exactly of that unit."""
    if unit == "rfc3339":
        return _rfc3339(value)
    # bytes.isdigit knows ASCII digits only: no sign, blank, underscore, fraction or exponent.
    if not value.isdigit() or len(value) > _LONGEST_NUMBER:
        return None
    return int(value) / 1000 if unit == "ms" else float(int(value))


def _rfc3339(value: bytes) -> float | None:
    text = value.decode("ascii", "replace")
    if not _RFC3339.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text.upper()).timestamp()
    except (ValueError, OverflowError):
        return None


def outside(signed_at: float, now: float, tolerance: float) -> Refusal | None:
    """A refusal if a signed time is further from `now` than `tolerance` seconds, either way."""
    late = now - signed_at
    if abs(late) <= tolerance:
        return None
    side = "old" if late > 0 else "in the future"
    return Refusal(Outcome.STALE, f"signed {abs(late):.0f} s {side}, allowed are {tolerance:g} s")
