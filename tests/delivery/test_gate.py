"""A gate keeps its word: whatever happened before, what it lets begin has an endpoint to go to."""

import math
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.delivery.balance import POLICIES
from gateway.delivery.gate import NEVER, Gate, Pick
from gateway.delivery.health import Checked, after
from gateway.delivery.outcomes import TAKEN, Said
from gateway.model.endpoints import BreakerState
from gateway.plan.plan import BreakerPolicy, Endpoint, Target
from tests.delivery.setting import target

URLS = [f"http://h{n}.test/x" for n in range(4)]
FAILED = Said(good=False, taken=False, too_much=False, error="refused")
SLOW = Said(good=False, taken=False, too_much=True, error="no answer")
BUSY = Said(good=True, taken=False, too_much=True, asked=7.0, error="answered 429")
T = 1_790_000_000.0


@st.composite
def targets(draw: st.DrawFn) -> Target:
    """Any target of up to four endpoints."""
    urls = draw(st.lists(st.sampled_from(URLS), min_size=1, max_size=4, unique=True))
    weights = st.integers(1, 5)
    policy = BreakerPolicy(
        failures=draw(st.sampled_from([None, 1, 3])),
        ratio=draw(st.sampled_from([None, 0.3])),
        minimum=3,
        cooldown=5.0,
        cap=20.0,
    )
    return target(
        endpoints=tuple(Endpoint(url, draw(weights)) for url in urls),
        balance=draw(st.sampled_from(sorted(POLICIES))),
        concurrency=draw(st.integers(1, 6)),
        breaker=draw(st.sampled_from([None, policy])),
        rate=draw(st.sampled_from([None, 2.0, 50.0])),
    )


class Gates(RuleBasedStateMachine):
    """A dispatcher that always has something to deliver, and a world in which anything fails."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate(lambda: 0.5)
        self.now = T
        self.begun = 0
        """Slots taken by attempts that have no endpoint yet."""
        self.running: list[Pick] = []
        self.by_hand: frozenset[str] = frozenset()
        self.times: list[float] = []

    @initialize(to=targets())
    def start(self, to: Target) -> None:
        self._follow(to)

    @rule(to=targets())
    def reload(self, to: Target) -> None:
        self._follow(to)
        self.times.clear()

    def _follow(self, to: Target) -> None:
        self.target = to
        self.gate.follow(to, {}, self.by_hand, self.now)

    @property
    def slots(self) -> int:
        return self.begun + len(self.running)

    @rule(seconds=st.floats(0, 30))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def wait_as_asked(self) -> None:
        at = self.gate.opens_at(self.slots, self.now)
        if at < NEVER:
            self.now = max(self.now, at)
            assert self.gate.opens_at(self.slots, self.now) <= self.now + 1e-6

    @rule()
    def pump(self) -> None:
        room = self.gate.room(self.slots, self.now)
        for _ in range(room):
            assert self.gate.opens_at(self.slots, self.now) <= self.now
            self.gate.begun(self.now)
            self.begun += 1
            self.times.append(self.now)
            assert self.slots <= self.target.concurrency
        assert self.gate.opens_at(self.slots, self.now) > self.now
        assert self.gate.room(self.slots, self.now) == 0

    @precondition(lambda self: self.begun)
    @rule(avoid=st.sampled_from(["", *URLS]))
    def pick(self, avoid: str) -> None:
        self.begun -= 1
        pick = self.gate.pick(avoid, self.now)
        if pick is None:
            assert self.gate.shut
            return
        self.running.append(pick)
        assert pick.spot.url not in self.by_hand
        sound = [place.spot.url for place in self.gate.places if place.spot.sound]
        if pick.label == avoid:
            assert not set(sound) - {avoid}

    @precondition(lambda self: self.running)
    @rule(data=st.data(), said=st.sampled_from([TAKEN, TAKEN, FAILED, FAILED, SLOW, BUSY]))
    def end(self, data: st.DataObject, said: Said) -> None:
        self.gate.ended(self._one(data), said, self.now)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def cut_off(self, data: st.DataObject) -> None:
        self.gate.abandoned(self._one(data), self.now)

    def _one(self, data: st.DataObject) -> Pick:
        return self.running.pop(data.draw(st.integers(0, len(self.running) - 1)))

    @rule(url=st.sampled_from(URLS), error=st.sampled_from(["", "answered 500"]))
    def check(self, url: str, error: str) -> None:
        for place in self.gate.places:
            if place.spot.url == url:
                self.gate.checked(place.spot, after(place.spot.checked, error, self.now))

    @rule(urls=st.sets(st.sampled_from(URLS)))
    def person_opens(self, urls: set[str]) -> None:
        self.by_hand |= urls
        self._follow(self.target)

    @rule(urls=st.sets(st.sampled_from(URLS)))
    def person_closes(self, urls: set[str]) -> None:
        self.by_hand -= urls
        self.gate.close(frozenset(urls), self.now)
        self._follow(self.target)

    @invariant()
    def no_endpoint_has_a_count_below_nothing_or_two_probes(self) -> None:
        for place in self.gate.places:
            spot = place.spot
            assert spot.pending == sum(1 for pick in self.running if pick.spot is spot)
            if spot.breaker.state is BreakerState.HALF_OPEN:
                since = spot.breaker.since
                probes = [p for p in self.running if p.spot is spot and p.began >= since]
                assert len(probes) <= 1

    @invariant()
    def the_rate_holds(self) -> None:
        if getattr(self, "target", None) is not None and self.target.rate is not None:
            recent = [at for at in self.times if at > self.now - 10]
            assert len(recent) <= math.ceil(self.target.rate * 10 * 1.02) + 1

    @invariant()
    def it_says_when_to_come_again_unless_something_has_to_change(self) -> None:
        if getattr(self, "target", None) is None or self.slots:
            return
        usable = [
            place
            for place in self.gate.places
            if place.spot.checked.well and not place.spot.breaker.by_hand
        ]
        at = self.gate.opens_at(0, self.now)
        assert (at < NEVER) == bool(usable)

    @invariant()
    def what_people_see_can_be_shown(self) -> None:
        status = self.gate.status(self.now)
        if status is not None and not self.running:
            assert (status.waits == "") == (self.gate.opens_at(0, self.now) <= self.now)


Gates.TestCase.settings = settings(max_examples=30, stateful_step_count=60, deadline=None)
TestGates = Gates.TestCase


def test_a_target_that_is_gone_is_not_called_and_its_deliveries_come_one_by_one_to_be_held() -> (
    None
):
    gate = Gate(lambda: 0.0)
    gate.follow(None, {}, frozenset(), T)
    assert gate.opens_at(0, T) == T
    assert gate.opens_at(1, T) == NEVER
    assert gate.pick("", T) is None
    assert gate.status(T) is None
    assert not gate.shut


def test_what_ends_after_its_target_went_away_and_came_back_counts_nothing_wrongly() -> None:
    one = target(endpoints=(Endpoint(URLS[0]),), breaker=BreakerPolicy(failures=1))
    gate = Gate(lambda: 0.0)
    gate.follow(one, {}, frozenset(), T)
    pick = gate.pick("", T)
    assert pick is not None
    gate.follow(None, {}, frozenset(), T)
    gate.follow(replace(one), {}, frozenset(), T + 1)
    gate.ended(pick, FAILED, T + 2)
    assert [place.spot.pending for place in gate.places] == [0]
    assert not gate.shut, "what failed there failed at an endpoint of another time"


def test_one_endpoint_checked_ill_and_well_again_starts_slowly_only_with_a_breaker() -> None:
    for breaker, slots in ((None, 8), (BreakerPolicy(), 1)):
        one = target(endpoints=(Endpoint(URLS[0]),), breaker=breaker, concurrency=8)
        gate = Gate(lambda: 0.0)
        gate.follow(one, {}, frozenset(), T)
        spot = gate.places[0].spot
        assert gate.status(T).slots == 8  # type: ignore[union-attr]  # it is there
        gate.checked(spot, Checked(2, "answered 500", T))
        assert gate.shut
        gate.checked(spot, Checked())
        assert gate.status(T).slots == slots  # type: ignore[union-attr]  # it is there


def test_a_probe_that_says_too_much_closes_the_breaker_and_is_waited_for() -> None:
    one = target(endpoints=(Endpoint(URLS[0]),), breaker=BreakerPolicy(failures=1, cooldown=5.0))
    gate = Gate(lambda: 0.0)
    gate.follow(one, {}, frozenset(), T)
    for now, said in ((T, FAILED), (T + 5, BUSY)):
        pick = gate.pick("", now)
        assert pick is not None
        gate.ended(pick, said, now)
    assert not gate.shut
    assert gate.opens_at(0, T + 5) == T + 5 + BUSY.asked


@pytest.mark.parametrize("balance", sorted(POLICIES))
def test_all_policies_pass_by_an_open_endpoint(balance: str) -> None:
    one = target(
        endpoints=tuple(Endpoint(url) for url in URLS), balance=balance, breaker=BreakerPolicy()
    )
    gate = Gate(lambda: 0.0)
    gate.follow(one, {}, frozenset({URLS[0], URLS[2]}), T)
    picked = {gate.pick("", T).label for _ in range(20)}  # type: ignore[union-attr]  # there is one
    assert picked <= {URLS[1], URLS[3]}
