"""How many attempts at once a target bears that was down or says it is too much. Pure.

Only targets with `breaker:` have a pace. It is TCP's way (RFC 5681, 3.1):

- Slow start, when the first endpoint of a target is back that had none: one slot, and one more with
  each delivery that is taken. So each round trip doubles the rate (1, 2, 4, 8 …) up to
  `concurrency`.
- 429, 502, 504 and time-outs halve the slots, at most once in a second: what ends within it was sent
  before the cut could help. From there on each round trip adds one slot.
- At one slot a further cut makes pauses between attempts: 1 s, 2 s, 4 s … 30 s. A `Retry-After` of a
  429 is waited for by the whole target.
"""

from dataclasses import dataclass, replace
from typing import Final

FREE: Final = float("inf")
SOON: Final = 1.0
"""Seconds after a cut in which no other is made."""
PAUSE_FIRST: Final = 1.0
PAUSE_MOST: Final = 30.0
ASKED_MOST: Final = 300.0
"""Seconds of a `Retry-After` that hold up a whole target; a delivery of its own waits longer."""


@dataclass(frozen=True, slots=True)
class Pace:
    """One target's. Times in unix seconds."""

    slots: float = FREE
    """Attempts at once: a whole number, at least one."""
    knee: float = FREE
    """Below it a delivery that is taken adds a slot, from there on a round of them does."""
    round: int = 0
    """Deliveries taken of the round that adds the next slot."""
    pause: float = 0.0
    """The last pause's seconds; 0: there was none since a delivery was taken."""
    until: float = 0.0
    """Nothing begins before."""
    cut_at: float = 0.0


def restarted(pace: Pace) -> Pace:
    """A target without endpoints has one again. What it asked to be waited for is waited for."""
    return Pace(slots=1.0, until=pace.until)


def taken(pace: Pace, most: int) -> Pace:
    """The target took a delivery. most: its `concurrency`."""
    if pace.slots == FREE:
        return pace
    if pace.slots >= pace.knee and pace.round + 1 < pace.slots:
        return replace(pace, round=pace.round + 1, pause=0.0)
    if pace.slots + 1 >= most:
        return Pace(until=pace.until)
    return replace(pace, slots=pace.slots + 1, round=0, pause=0.0)


def slowed(pace: Pace, most: int, now: float, asked: float = 0.0) -> Pace:
    """The target says that it is too much. asked: seconds of its `Retry-After`."""
    wait = now + min(ASKED_MOST, asked) if asked > 0 else 0.0
    if now - pace.cut_at < SOON:
        return replace(pace, until=max(pace.until, wait))
    slots = min(pace.slots, float(most))
    if slots > 1:
        half = slots // 2
        return Pace(half, half, until=max(pace.until, wait), cut_at=now)
    pause = min(PAUSE_MOST, pace.pause * 2) if pace.pause else PAUSE_FIRST
    return Pace(1, 1, 0, pause, max(pace.until, wait, now + pause), now)
