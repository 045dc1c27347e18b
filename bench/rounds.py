"""More than two variants, one after the other in each round, and each one's ratio to the first."""

from collections.abc import Callable, Mapping, Sequence

from bench.pairs import Sample, spread


def rounds(count: int, variants: Mapping[str, Callable[[], Sample]]) -> Mapping[str, list[Sample]]:
    """Runs all variants in turn, forwards and backwards, so that none always has the same neighbour."""
    found: dict[str, list[Sample]] = {name: [] for name in variants}
    for number in range(count):
        names = list(variants)
        for name in reversed(names) if number % 2 else names:
            found[name].append(variants[name]())
    return found


def compared(found: Mapping[str, Sequence[Sample]], first: str) -> list[tuple[str, str]]:
    """Rows: rate and CPU of each, and its rate's ratio to `first` within a round."""
    rows: list[tuple[str, str]] = []
    for name, samples in found.items():
        rows.append((f"{name}, a second", str(spread([one.rate for one in samples]))))
        rows.append((f"{name}, CPU µs", str(spread([one.cpu for one in samples]))))
        if name != first:
            pairs = list(zip(samples, found[first], strict=True))
            rows.append(
                (f"{name}: ratio by rate", str(spread([a.rate / b.rate for a, b in pairs])))
            )
            rows.append((f"{name}: ratio by CPU", str(spread([a.cpu / b.cpu for a, b in pairs]))))
    return rows
