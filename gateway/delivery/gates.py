"""Every target's gate, following the plan in force; and what a person or a check changes in them."""

from collections.abc import Callable, Iterator, Mapping

from gateway.delivery.gate import Gate
from gateway.delivery.health import Checked
from gateway.delivery.spots import Addresses, Spot
from gateway.model.endpoints import BreakerState, TargetStatus
from gateway.plan.plan import Plan, Target

ByHand = Mapping[str, frozenset[str]]
"""By target: the URLs whose breakers a person opened."""


class Gates:
    """By the target's name."""

    def __init__(
        self, plan: Callable[[], Plan], clock: Callable[[], float], random: Callable[[], float]
    ) -> None:
        """clock: unix seconds. random: uniform in [0, 1)."""
        self._plan = plan
        self._clock = clock
        self._random = random
        self._gates: dict[str, Gate] = {}
        self._followed: dict[str, Target | None] = {}
        self._addresses: Addresses = {}
        self._by_hand: dict[str, frozenset[str]] = {}
        self.changed: Callable[[str], None] = lambda _: None
        """Hears of a target whose endpoints changed by anything but its attempts."""

    def of(self, name: str) -> Gate:
        """A target's gate, as the plan has it now."""
        target = self._plan().targets.get(name)
        gate = self._gates.get(name)
        if gate is None:
            gate = self._gates[name] = Gate(self._random)
            self._follow(name, gate, target)
        elif self._followed[name] is not target:
            self._follow(name, gate, target)
        return gate

    def every(self) -> Iterator[tuple[str, Gate]]:
        """Those of the plan, in its order."""
        for name in self._plan().targets:
            yield name, self.of(name)

    def _follow(self, name: str, gate: Gate, target: Target | None) -> None:
        self._followed[name] = target
        by_hand = self._by_hand.get(name, frozenset())
        gate.follow(target, self._addresses, by_hand, self._clock())

    def statuses(self) -> Mapping[str, TargetStatus]:
        """Every target's endpoints as people see them."""
        now = self._clock()
        found = {name: gate.status(now) for name, gate in self.every()}
        return {name: status for name, status in found.items() if status is not None}

    def open_breakers(self) -> Mapping[tuple[str, str], bool]:
        """By target and endpoint: whether its breaker is open."""
        return {
            (name, place.spot.label): place.spot.breaker.state is not BreakerState.CLOSED
            for name, gate in self.every()
            for place in gate.places
        }

    # ---- what changes beside attempts

    @property
    def by_hand(self) -> ByHand:
        """What a person opened."""
        return self._by_hand

    def open(self, name: str, urls: frozenset[str]) -> None:
        """A person opens breakers: nothing is sent there until he closes them."""
        self._by_hand[name] = self._by_hand.get(name, frozenset()) | urls
        self._again(name)

    def close(self, name: str, urls: frozenset[str]) -> None:
        """A person closes breakers, whatever opened them."""
        left = self._by_hand.pop(name, frozenset()) - urls
        if left:
            self._by_hand[name] = left
        self.of(name).close(urls, self._clock())
        self._again(name)

    def resolved(self, addresses: Addresses) -> None:
        """Names have these addresses now."""
        if addresses == self._addresses:
            return
        self._addresses = addresses
        for name, target in self._plan().targets.items():
            if target.resolve_all:
                self._again(name)

    def checked(self, name: str, spot: Spot, checked: Checked) -> None:
        """An active check of an endpoint has ended."""
        turned = spot.checked.well != checked.well
        self.of(name).checked(spot, checked)
        if turned:
            self.changed(name)

    def _again(self, name: str) -> None:
        self._follow(name, self.of(name), self._plan().targets.get(name))
        self.changed(name)
