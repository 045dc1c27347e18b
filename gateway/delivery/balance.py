"""Which endpoint of a target is next. Pure: a policy is a value, and choosing gives the next one.

Each policy is a small type with one function; a new one is a type here and a line in `POLICIES`
(and its word in `plan.Balance`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Protocol

from gateway.plan.plan import Balance


@dataclass(frozen=True, slots=True)
class Candidate:
    """An endpoint that may be tried now."""

    place: int
    """Among all endpoints of its target, whether they may be tried or not."""
    rank: int
    """Of its URL in the file: addresses of one name share it."""
    weight: int = 1
    pending: int = 0
    """Attempts that are under way there."""
    silent: int = 0
    """Attempts that ended elsewhere since it was heard of last."""


class Policy(Protocol):
    """What a policy can do."""

    def choose(self, among: Sequence[Candidate], random: float, /) -> "tuple[Candidate, Policy]":
        """One of them, and the policy as it is after that.

        among: at least one, in order of place. random: uniform in [0, 1).
        """
        ...


MANY: Final = 4
"""An endpoint lags that has so many attempts under way and was silent while the others ended so many
each. Equals come so far apart once in fifty times; one that hangs would soon hold every slot of its
target, long before the first of its attempts is known to have failed."""


def keeping_up(among: Sequence[Candidate]) -> Sequence[Candidate]:
    """Those that do not lag; all, where all do."""
    silence = MANY * len(among)
    well = [one for one in among if one.pending < MANY or one.silent < silence]
    return well or among


def _in_turn(among: Sequence[Candidate], last: int) -> Candidate:
    """The first after the last one's place, from the beginning again after the end."""
    return next((one for one in among if one.place > last), among[0])


@dataclass(frozen=True, slots=True)
class RoundRobin:
    """In turn, past those that lag."""

    last: int = -1

    def choose(self, among: Sequence[Candidate], _: float, /) -> tuple[Candidate, Policy]:
        """The next place after the last one."""
        chosen = _in_turn(keeping_up(among), self.last)
        return chosen, RoundRobin(chosen.place)


@dataclass(frozen=True, slots=True)
class Random:
    """Any, each as likely as another, past those that lag."""

    def choose(self, among: Sequence[Candidate], random: float, /) -> tuple[Candidate, Policy]:
        """Where the random number falls."""
        well = keeping_up(among)
        return well[int(random * len(well))], self


@dataclass(frozen=True, slots=True)
class Weighted:
    """By weight, and smoothly: 5, 1 and 1 come as a a b a c a a, never as a a a a a b c.

    nginx's way (https://github.com/nginx/nginx/commit/52327e0627f49dbda1e8db695e63a4b0af4448b1):
    each gains its weight, the richest is taken and pays what all gained. Over as many choices as
    the weights add up to each is taken exactly as often as it weighs.
    """

    credit: Mapping[int, int] = field(default_factory=dict)
    """By place."""

    def choose(self, among: Sequence[Candidate], _: float, /) -> tuple[Candidate, Policy]:
        """The richest; of several the first."""
        credit = dict(self.credit)
        for one in among:
            credit[one.place] = credit.get(one.place, 0) + one.weight
        chosen = max(among, key=lambda one: (credit[one.place], -one.place))
        credit[chosen.place] -= sum(one.weight for one in among)
        return chosen, Weighted(credit)


@dataclass(frozen=True, slots=True)
class Failover:
    """In the order of the file: the next only while the one before it may not be tried."""

    last: int = -1

    def choose(self, among: Sequence[Candidate], _: float, /) -> tuple[Candidate, Policy]:
        """The first URL's; of several addresses of it in turn."""
        first = min(one.rank for one in among)
        chosen = _in_turn([one for one in among if one.rank == first], self.last)
        return chosen, Failover(chosen.place)


@dataclass(frozen=True, slots=True)
class LeastPending:
    """Where the fewest attempts are under way, so that slow endpoints get less."""

    last: int = -1

    def choose(self, among: Sequence[Candidate], _: float, /) -> tuple[Candidate, Policy]:
        """The least busy; ties in turn."""
        least = min(one.pending for one in among)
        chosen = _in_turn([one for one in among if one.pending == least], self.last)
        return chosen, LeastPending(chosen.place)


POLICIES: Final[Mapping[Balance, Policy]] = MappingProxyType(
    {
        "round_robin": RoundRobin(),
        "random": Random(),
        "weighted": Weighted(),
        "failover": Failover(),
        "least_pending": LeastPending(),
    }
)
