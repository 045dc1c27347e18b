"""Interleaved pairs A B A B and what is said of them: medians, quartiles, ratios within a pair."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """One side of one pair. rate: a second. cpu: µs of the server process an operation."""

    rate: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Spread:
    """A median between its quartiles."""

    low: float
    median: float
    high: float

    def __str__(self) -> str:
        digits = 2 if self.median < 10 else 0
        return f"{self.median:,.{digits}f} ({self.low:,.{digits}f} to {self.high:,.{digits}f})"


def spread(values: Sequence[float]) -> Spread:
    """The quartiles of at least one value."""
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(low, median, high)


def interleave(
    pairs: int, ours: Callable[[], Sample], bare: Callable[[], Sample]
) -> list[tuple[Sample, Sample]]:
    """Runs both sides in turn; which goes first changes from pair to pair."""
    found = []
    for number in range(pairs):
        if number % 2:
            second, first = bare(), ours()
        else:
            first, second = ours(), bare()
        found.append((first, second))
    return found


def rows(found: Sequence[tuple[Sample, Sample]], ours: str, bare: str) -> list[tuple[str, str]]:
    """What is printed of the pairs."""
    return [
        (f"{ours}, a second", str(spread([a.rate for a, _ in found]))),
        (f"{bare}, a second", str(spread([b.rate for _, b in found]))),
        ("ratio by rate", str(spread([a.rate / b.rate for a, b in found]))),
        (f"{ours}, CPU µs", str(spread([a.cpu for a, _ in found]))),
        (f"{bare}, CPU µs", str(spread([b.cpu for _, b in found]))),
        ("ratio by CPU", str(spread([a.cpu / b.cpu for a, b in found]))),
    ]
