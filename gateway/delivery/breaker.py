"""An endpoint's breaker: closed, open, half-open. Pure: (breaker, what happened, now) -> breaker.

              failures in a row, or their share in the window
      CLOSED ────────────────────────────────────────────────▶ OPEN ◀──┐
        ▲                                        cooldown over │       │ the probe fails:
        │ the probe is answered                                ▼       │ cooldown doubled
        └──────────────────────────────────────────────── HALF_OPEN ───┘

A person's `open` stays until a person's `close`. Attempts that began before the last change say
nothing of the endpoint as it is now: they are not counted.
"""

from dataclasses import dataclass, replace
from typing import Final

from gateway.model.endpoints import BreakerState
from gateway.plan.plan import BreakerPolicy

NEVER: Final = float("inf")
SLICES: Final = 10
"""Of a window: it moves on by a tenth at a time."""
_MOST_DOUBLINGS: Final = 60


@dataclass(frozen=True, slots=True)
class Slice:
    """What ended in one tenth of the window."""

    number: int
    """Tenths of a window since 1970."""
    good: int
    bad: int


@dataclass(frozen=True, slots=True)
class Breaker:
    """One endpoint's. Times in unix seconds."""

    state: BreakerState = BreakerState.CLOSED
    failed: int = 0
    """In a row."""
    window: tuple[Slice, ...] = ()
    """Oldest first; empty where no ratio is asked for."""
    since: float = 0.0
    """When the state began."""
    until: float = 0.0
    """Of an open one: when a probe may go; never, where a person opened it."""
    openings: int = 0
    """In a row."""
    by_hand: bool = False


def opens_at(breaker: Breaker, now: float) -> float:
    """When an attempt may begin here; not after `now`: at once. NEVER: while the probe runs."""
    if breaker.state is BreakerState.CLOSED:
        return now
    return breaker.until if breaker.state is BreakerState.OPEN else NEVER


def begun(breaker: Breaker, now: float) -> Breaker:
    """An attempt begins, as `opens_at` allowed. Of an open breaker it is the probe."""
    if breaker.state is not BreakerState.OPEN:
        return breaker
    return replace(breaker, state=BreakerState.HALF_OPEN, since=now)


def ended(
    breaker: Breaker, policy: BreakerPolicy, now: float, began: float, *, good: bool
) -> Breaker:
    """An attempt that began then has ended."""
    if breaker.state is BreakerState.OPEN or began < breaker.since:
        return breaker
    if breaker.state is BreakerState.HALF_OPEN:
        return Breaker(since=now) if good else _opened(breaker, policy, now)
    if good and not breaker.failed and policy.ratio is None:
        return breaker  # what nearly always happens makes nothing new
    counted = replace(
        breaker,
        failed=0 if good else breaker.failed + 1,
        window=_counted(breaker.window, policy, now, good=good),
    )
    return _opened(counted, policy, now) if _trips(counted, policy) else counted


def abandoned(breaker: Breaker, now: float, began: float) -> Breaker:
    """An attempt that began then was not made after all: if it was the probe, another may go."""
    if breaker.state is BreakerState.HALF_OPEN and began >= breaker.since:
        return replace(breaker, state=BreakerState.OPEN, since=now, until=now)
    return breaker


def opened_by_hand(now: float) -> Breaker:
    """A person opens it."""
    return Breaker(BreakerState.OPEN, since=now, until=NEVER, by_hand=True)


def closed_by_hand(now: float) -> Breaker:
    """A person closes it, whatever opened it."""
    return Breaker(since=now)


def cooldown(policy: BreakerPolicy, openings: int) -> float:
    """Seconds that the next opening lasts, after so many in a row."""
    return float(min(policy.cap, policy.cooldown * 2.0 ** min(openings, _MOST_DOUBLINGS)))


def _opened(breaker: Breaker, policy: BreakerPolicy, now: float) -> Breaker:
    return Breaker(
        BreakerState.OPEN,
        since=now,
        until=now + cooldown(policy, breaker.openings),
        openings=breaker.openings + 1,
    )


def _counted(
    window: tuple[Slice, ...], policy: BreakerPolicy, now: float, *, good: bool
) -> tuple[Slice, ...]:
    if policy.ratio is None:
        return ()
    number = int(now / (policy.window / SLICES))
    kept = [one for one in window if one.number > number - SLICES]
    last = kept.pop() if kept and kept[-1].number >= number else Slice(number, 0, 0)
    return (*kept, Slice(last.number, last.good + good, last.bad + (not good)))


def _trips(breaker: Breaker, policy: BreakerPolicy) -> bool:
    if policy.failures is not None and breaker.failed >= policy.failures:
        return True
    if policy.ratio is None or not breaker.failed:
        return False
    bad = sum(one.bad for one in breaker.window)
    total = bad + sum(one.good for one in breaker.window)
    return total >= policy.minimum and bad / total >= policy.ratio  # 0.55 * 20 is more than 11
