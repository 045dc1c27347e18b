"""Every committed input keeps every promise, and so does a handful of new ones.

The long attack is `make fuzz`; what it finds is committed under `found/` and runs here for ever.
"""

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.registry import TARGETS
from tests.fuzz.target import FOUND, SEEDS, Target

ALL = list(TARGETS.values())
FEW = settings(
    max_examples=15, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.mark.parametrize("target", ALL, ids=lambda target: target.name)
@pytest.mark.filterwarnings("ignore")
def test_seeds_and_found_cases_break_no_promise(target: Target) -> None:
    for name, data in target.committed():
        try:
            target.run(data)
        except Exception as error:
            error.add_note(f"input {name} of {target.name}")
            raise


@pytest.mark.slow
@pytest.mark.parametrize("target", ALL, ids=lambda target: target.name)
@pytest.mark.filterwarnings("ignore")
def test_what_the_repository_holds_besides_breaks_none(target: Target) -> None:
    for name, data in target.more_seeds():
        try:
            target.run(data)
        except Exception as error:
            error.add_note(f"input {name} of {target.name}")
            raise


@pytest.mark.parametrize("target", ALL, ids=lambda target: target.name)
@pytest.mark.filterwarnings("ignore")
def test_a_few_new_inputs_break_no_promise(target: Target) -> None:
    @FEW
    @given(target.cases)
    def each(case: bytes) -> None:
        target.run(case)

    each()


def test_no_seed_is_without_its_target() -> None:
    names = {file.stem for file in SEEDS.iterdir()} | {folder.name for folder in FOUND.iterdir()}
    assert names - {"README"} <= set(TARGETS)
