"""Counting on the way of every request: plain numbers, shown as prometheus_client shows its own.

Its counters take a lock each time, and its histograms look at each bucket up to the right one. These
are for one thread: the event loop's, which is the only one that counts.
"""

import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from math import inf

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry
from prometheus_client.samples import Sample
from prometheus_client.utils import floatToGoString

Labels = tuple[str, ...]
"""The values of a metric's labels, in the order of its declaration."""


class Counts(Collector):
    """A counter with labels."""

    __slots__ = ("_numbers", "_since", "_told")

    def __init__(
        self, name: str, about: str, names: Sequence[str], registry: CollectorRegistry
    ) -> None:
        """names: of the labels."""
        self._told = (name, about, tuple(names))
        self._numbers: dict[Labels, int] = {}
        self._since: dict[Labels, float] = {}
        registry.register(self)

    def add(self, labels: Labels) -> None:
        """One more."""
        if labels in self._numbers:
            self._numbers[labels] += 1
        else:
            self._numbers[labels] = 1
            self._since[labels] = time.time()

    def collect(self) -> Iterator[Metric]:
        """Asked by the registry."""
        yield _counter(*self._told, self._numbers, self._since)


class Levels(Collector):
    """A gauge with labels that goes up and down."""

    __slots__ = ("_levels", "_told")

    def __init__(
        self, name: str, about: str, names: Sequence[str], registry: CollectorRegistry
    ) -> None:
        """names: of the labels."""
        self._told = (name, about, tuple(names))
        self._levels: dict[Labels, int] = {}
        registry.register(self)

    def add(self, labels: Labels, by: int) -> None:
        """So many more, or fewer."""
        self._levels[labels] = self._levels.get(labels, 0) + by

    def collect(self) -> Iterator[Metric]:
        """Asked by the registry."""
        name, about, names = self._told
        family = Metric(name, about, "gauge")
        for values, level in self._levels.items():
            family.add_sample(name, dict(zip(names, values, strict=True)), level)
        yield family


def _counter(
    name: str,
    about: str,
    names: Sequence[str],
    numbers: Mapping[Labels, int],
    since: Mapping[Labels, float],
) -> Metric:
    family = Metric(name.removesuffix("_total"), about, "counter")
    for values, number in numbers.items():
        labels = dict(zip(names, values, strict=True))
        family.add_sample(name, labels, number)
        family.add_sample(f"{family.name}_created", labels, since[values])
    return family


class _Spread:
    """How the values of one set of labels are spread."""

    __slots__ = ("counts", "since", "sum")

    def __init__(self, buckets: int) -> None:
        self.counts = [0] * buckets
        self.sum = 0.0
        self.since = time.time()

    def joined(self, other: "_Spread") -> "_Spread":
        """Both as one."""
        joined = _Spread(0)
        joined.counts = [a + b for a, b in zip(self.counts, other.counts, strict=True)]
        joined.sum = self.sum + other.sum
        joined.since = min(self.since, other.since)
        return joined


class Spreads(Collector):
    """A histogram with labels or without; where `of` says so, of things that have one label more and
    are counted by all of them: to count and to spread is one step then."""

    __slots__ = ("_bounds", "_of", "_spreads", "_told", "_written")

    def __init__(
        self,
        name: str,
        about: str,
        names: Sequence[str],
        registry: CollectorRegistry,
        bounds: Sequence[float],
        of: tuple[str, str, Sequence[str]] | None = None,
    ) -> None:
        """bounds: the upper ends of the buckets, rising; one more takes what is over the last.
        of: the counter's name, meaning and labels, the histogram's own first."""
        self._told = (name, about, tuple(names))
        self._of = of
        self._bounds = (*bounds, inf)
        self._written = [floatToGoString(bound) for bound in self._bounds]  # type: ignore[no-untyped-call]
        self._spreads: dict[Labels, _Spread] = {}
        if not names:
            self._begin(())  # shown from the start
        registry.register(self)

    def add(self, labels: Labels, value: float) -> None:
        """One value more. labels: the counter's, where there is one."""
        spread = self._spreads.get(labels) or self._begin(labels)
        spread.counts[bisect_left(self._bounds, value)] += 1
        spread.sum += value

    def _begin(self, labels: Labels) -> _Spread:
        begun = self._spreads[labels] = _Spread(len(self._bounds))
        return begun

    def collect(self) -> Iterator[Metric]:
        """Asked by the registry."""
        if self._of is not None:
            numbers = {labels: sum(one.counts) for labels, one in self._spreads.items()}
            since = {labels: one.since for labels, one in self._spreads.items()}
            yield _counter(*self._of, numbers, since)
        name, about, names = self._told
        family = Metric(name, about, "histogram")
        for values, spread in self._merged(len(names)).items():
            family.samples += self._samples(dict(zip(names, values, strict=True)), spread)
        yield family

    def _merged(self, labels: int) -> dict[Labels, _Spread]:
        """By so many labels."""
        merged: dict[Labels, _Spread] = {}
        for values, spread in self._spreads.items():
            known = merged.get(values[:labels])
            merged[values[:labels]] = spread if known is None else known.joined(spread)
        return merged

    def _samples(self, labels: dict[str, str], spread: _Spread) -> Iterator[Sample]:
        name, total = self._told[0], 0
        for bound, count in zip(self._written, spread.counts, strict=True):
            total += count
            yield Sample(f"{name}_bucket", {**labels, "le": bound}, total)
        yield Sample(f"{name}_count", labels, total)
        yield Sample(f"{name}_sum", labels, spread.sum)
        yield Sample(f"{name}_created", labels, spread.since)
