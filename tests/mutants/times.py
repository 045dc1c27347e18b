"""Mistakes with signed times: what was recorded, or dated ahead, gets in."""

from tests.mutants.mutant import mutant

_WINDOW = "if abs(late) <= tolerance:"
_TIME_HEADER = "time = single(request.headers, ready.time_header)"
_JUDGED_TIME = 'request.headers.one(self._ready.time_header) or b""'

TIMES = (
    mutant(
        "time-unchecked",
        "a recorded request gets in for ever",
        ("times", _WINDOW, "if abs(late) >= 0:"),
    ),
    mutant(
        "time-past-only",
        "a request dated far ahead gets in for ever",
        ("times", _WINDOW, "if late <= tolerance:"),
    ),
    mutant(
        "time-future-only",
        "a recorded request gets in for ever",
        ("times", _WINDOW, "if -late <= tolerance:"),
    ),
    mutant(
        "time-edge",
        "a request exactly as old as allowed is refused",
        ("times", _WINDOW, "if abs(late) < tolerance:"),
    ),
    mutant(
        "time-signs-and-blanks",
        "two spellings of one time",
        ("times", "if not value.isdigit()", 'if not value.strip().lstrip(b"+-").isdigit()'),
    ),
    mutant(
        "time-without-zone",
        "a time that means another moment on each machine",
        ("times", r"([Zz]|[+-]\d\d:\d\d)", r"([Zz]|[+-]\d\d:\d\d)?"),
    ),
    mutant(
        "time-of-standard-webhooks-unchecked",
        "a recorded request gets in for ever",
        (
            "standard_webhooks",
            "return times.outside(signed_at, now, self.tolerance) or Proof(",
            "return Proof(",
        ),
    ),
    mutant(
        "time-of-hmac-unchecked",
        "a recorded request gets in for ever",
        (
            "hmac",
            "return times.outside(signed_at, now, time.tolerance) or Proof(",
            "return Proof(",
        ),
    ),
    mutant(
        "time-of-the-first-entry",
        "one time is signed, another one stands beside it",
        ("hmac", "if len(stamps) != 1 or not stamps[0]:", "if not stamps or not stamps[0]:"),
    ),
    mutant(
        "time-judged-is-not-the-one-signed",
        "of two time headers the first is signed and the last believed",
        ("hmac", _TIME_HEADER, "time = next(iter(request.headers.all(ready.time_header)), b'')"),
        ("hmac", _JUDGED_TIME, "([b''] + list(request.headers.all(self._ready.time_header)))[-1]"),
    ),
    mutant(
        "time-not-covered",
        "the time beside a signature can be changed",
        ("template", '        case "timestamp":\n            return timestamp\n', ""),
        (
            "template",
            "    match slot.kind:\n",
            '    match slot.kind:\n        case "timestamp":\n            return b"1790000000"\n',
        ),
    ),
)  # fmt: skip
