"""How often a target is tried at most: a token bucket. Pure; the clock is the caller's."""

from dataclasses import dataclass, replace
from typing import Final

SAVED: Final = 0.1
"""Seconds of tokens that a bucket saves up beside the one: enough for a timer that comes late, and
so little that ten seconds hold one hundredth more than the rate at most."""
_NEARLY: Final = 1e-3
"""Of a token: seconds since 1970 are not exact enough for the whole of it."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Tokens at a moment, in unix seconds."""

    rate: float
    """Tokens a second."""
    tokens: float
    at: float


def new(rate: float, now: float) -> Bucket:
    """A bucket that nobody took from yet: one attempt may begin."""
    return Bucket(rate, 1.0, now)


def opens_at(bucket: Bucket, now: float) -> float:
    """When there is a token; not after `now`: at once."""
    missing = 1.0 - _tokens(bucket, now)
    return now if missing <= _NEARLY else now + missing / bucket.rate


def whole(bucket: Bucket, now: float) -> int:
    """How many attempts may begin at once."""
    return int(_tokens(bucket, now) + _NEARLY)


def took(bucket: Bucket, now: float) -> Bucket:
    """The bucket without one token. Asks nobody whether there was one."""
    return replace(bucket, tokens=_tokens(bucket, now) - 1.0, at=max(now, bucket.at))


def _tokens(bucket: Bucket, now: float) -> float:
    return min(1.0 + bucket.rate * SAVED, bucket.tokens + max(0.0, now - bucket.at) * bucket.rate)
