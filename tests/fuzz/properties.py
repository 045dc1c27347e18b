"""Inputs of the right shape: Hypothesis as a maker of inputs for another engine."""

from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy


def as_property(
    cases: SearchStrategy[bytes], judge: Callable[[bytes], None]
) -> Callable[[bytes], bytes | None]:
    """A function of any bytes that makes a case of them and judges it."""

    @settings(
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases)
    def each(case: bytes) -> None:
        judge(case)

    return each.hypothesis.fuzz_one_input
