"""Whether a target may be tried now, else when to ask again; and at which endpoint.

Holds the state that `balance`, `breaker`, `limits` and `pace` decide about; the rules are theirs.
The dispatcher asks for `room` before attempts begin, the attempt asks for its endpoint with `pick`
and tells with `ended` what came of it. Which delivery is next is `queue`'s.
"""

from collections.abc import Callable
from typing import Final

from gateway.delivery import balance, limits, pace
from gateway.delivery import breaker as breakers
from gateway.delivery.health import Checked
from gateway.delivery.limits import Bucket
from gateway.delivery.outcomes import Said
from gateway.delivery.pace import Pace
from gateway.delivery.spots import Addresses, Place, Spot, places
from gateway.model.endpoints import TargetStatus
from gateway.model.record import record
from gateway.model.states import Reason
from gateway.plan.plan import Target

NEVER: Final = breakers.NEVER
"""Nothing to wait for but a change: an attempt that ends, a new plan, a person."""


@record
class Pick:
    """The endpoint of one attempt."""

    spot: Spot
    began: float

    @property
    def label(self) -> str:
        """How the attempt is recorded."""
        return self.spot.label


class Gate:
    """One target's."""

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._target: Target | None = None
        self._places: tuple[Place, ...] = ()
        self._policy: balance.Policy = balance.RoundRobin()
        self._bucket: Bucket | None = None
        self._pace = Pace()
        self._sound = 0
        """How many spots nothing speaks against."""
        self._ended = 0
        """Attempts that had an end."""

    # ---- the plan, people, checks

    def follow(
        self, target: Target | None, addresses: Addresses, by_hand: frozenset[str], now: float
    ) -> None:
        """A new plan, or a name has other addresses. by_hand: URLs that a person took out."""
        old = self._target
        self._target = target
        if target is None:
            self._places = ()
            return
        self._places = places(target, self._places, addresses)
        if old is None or (old.balance, old.endpoints) != (target.balance, target.endpoints):
            self._policy = balance.POLICIES[target.balance]
        if target.rate is None:
            self._bucket = None
        elif self._bucket is None or self._bucket.rate != target.rate:
            self._bucket = limits.new(target.rate, now)
        if target.breaker is None:
            self._pace = Pace()
        for place in self._places:
            spot = place.spot
            if spot.url in by_hand:
                if not spot.breaker.by_hand:
                    spot.breaker = breakers.opened_by_hand(now)
            elif spot.breaker.by_hand or target.breaker is None:
                spot.breaker = breakers.Breaker()
        before, self._sound = self._sound, 0
        self._count(again=old is not None and not before)

    def close(self, urls: frozenset[str], now: float) -> None:
        """A person closes the breakers of these URLs."""
        for place in self._places:
            if place.spot.url in urls:
                place.spot.breaker = breakers.closed_by_hand(now)
        self._count()

    def checked(self, spot: Spot, checked: Checked) -> None:
        """An active check has ended."""
        spot.checked = checked
        self._count()

    # ---- the dispatcher

    def room(self, running: int, now: float, ahead: int = 0) -> int:
        """How many attempts may begin now; as many as none: see `opens_at`. running: attempts now.
        ahead: slots that are counted beside those there are."""
        target = self._target
        if target is None:
            return max(0, 1 - running)
        if self._pace.until > now:
            return 0
        room = self._slots(target) + ahead - running
        if self._bucket is not None:
            room = min(room, limits.whole(self._bucket, now))
        if not self._sound:
            room = min(room, self._probes(running, now))
        return max(0, room)

    def opens_at(self, running: int, now: float) -> float:
        """When the next attempt may begin; not after `now`: at once. running: attempts now."""
        target = self._target
        if target is None:
            # A target that is gone is not called: its attempts end as holds.
            return now if running < 1 else NEVER
        if running >= self._slots(target):
            return NEVER
        at = max(now, self._pace.until)
        if self._bucket is not None:
            at = max(at, limits.opens_at(self._bucket, now))
        return at if self._sound else max(at, self._probe_at(running, now))

    def _slots(self, target: Target) -> int:
        return int(min(self._pace.slots, target.concurrency))

    def begun(self, now: float) -> None:
        """An attempt was begun: told once for each, before it runs."""
        if self._bucket is not None:
            self._bucket = limits.took(self._bucket, now)

    @property
    def shut(self) -> bool:
        """Whether no endpoint is sound: what waits in memory should wait in the store."""
        return self._target is not None and not self._sound

    def _probe_at(self, running: int, now: float) -> float:
        """With no sound endpoint: when the next probe may begin."""
        if self._probes(running, now) > 0:
            return now
        times = [place.spot.opens_at(now) for place in self._places]
        return min((at for at in times if at > now), default=NEVER)

    def _probes(self, running: int, now: float) -> int:
        """With no sound endpoint: how many probes may begin now."""
        ready = sum(1 for place in self._places if place.spot.opens_at(now) <= now)
        # What was begun and has no endpoint yet will take a probe each.
        coming = max(0, running - sum(place.spot.pending for place in self._places))
        return ready - coming

    # ---- the attempt

    def pick(self, avoid: str, now: float) -> Pick | None:
        """The endpoint of an attempt that begins now; None: there is none any more.

        avoid: the label of the one that the delivery was tried at last, for another if one is sound.
        """
        usable = [place for place in self._places if place.spot.opens_at(now) <= now]
        if not usable:
            return None
        spot = usable[0].spot if len(usable) == 1 else self._choose(usable, avoid).spot
        spot.breaker = breakers.begun(spot.breaker, now)
        if not spot.pending:
            spot.heard = self._ended
        spot.pending += 1
        return Pick(spot, now)

    def _choose(self, usable: list[Place], avoid: str) -> Place:
        others = [place for place in usable if place.spot.label != avoid]
        if any(place.spot.sound for place in others):
            usable = others
        candidates = [place.candidate(self._ended) for place in usable]
        chosen, self._policy = self._policy.choose(candidates, self._random())
        return self._places[chosen.place]

    def ended(self, pick: Pick, said: Said, now: float) -> None:
        """What came of an attempt."""
        spot = pick.spot
        spot.pending -= 1
        self._ended += 1
        spot.heard = self._ended
        if said.taken:
            spot.taken_at = now
        else:
            spot.error, spot.error_at = said.error, now
        target = self._target
        policy = target.breaker if target is not None else None
        if target is None or policy is None:
            return
        spot.breaker = breakers.ended(spot.breaker, policy, now, pick.began, good=said.good)
        if said.too_much:
            self._pace = pace.slowed(self._pace, target.concurrency, now, said.asked)
        elif said.taken:
            self._pace = pace.taken(self._pace, target.concurrency)
        self._count()

    def abandoned(self, pick: Pick, now: float) -> None:
        """An attempt was cut off, or never made."""
        pick.spot.pending -= 1
        pick.spot.breaker = breakers.abandoned(pick.spot.breaker, now, pick.began)
        self._count()

    def _count(self, *, again: bool = True) -> None:
        """again: whether a target without a sound endpoint that has one now was down."""
        before, self._sound = self._sound, sum(1 for place in self._places if place.spot.sound)
        down = again and not before
        if down and self._sound and self._target is not None and self._target.breaker is not None:
            self._pace = pace.restarted(self._pace)

    # ---- people and checks

    @property
    def target(self) -> Target | None:
        """As followed last; None: it is gone."""
        return self._target

    @property
    def places(self) -> tuple[Place, ...]:
        """The endpoints, in the order of the file."""
        return self._places

    def status(self, now: float) -> TargetStatus | None:
        """As people see it; None where the target is gone."""
        target = self._target
        if target is None:
            return None
        until = self.opens_at(0, now)
        waits = "" if until <= now else self._why(now)
        return TargetStatus(
            endpoints=tuple(
                place.spot.status(with_breaker=target.breaker is not None) for place in self._places
            ),
            waits=waits,
            until=until if now < until < NEVER else None,
            slots=self._slots(target),
        )

    def _why(self, now: float) -> str:
        if not self._sound:
            well = any(place.spot.checked.well for place in self._places)
            return Reason.BREAKER_OPEN if well else "unwell"
        return "slowed" if self._pace.until > now else Reason.RATE
