"""Each mutant's text still stands where it is planted: changed code must not make one toothless."""

import pytest

from tests.mutants.mutant import Edit, Mutant
from tests.mutants.planted import CONTROL, MUTANTS
from tests.mutants.planting import ROOT, Misplaced, mutated

PACKAGE = ROOT / "gateway"


@pytest.mark.parametrize("mutant", [CONTROL, *MUTANTS], ids=lambda mutant: mutant.name)
def test_a_mutant_can_still_be_planted(mutant: Mutant) -> None:
    for file, text in mutated(mutant, PACKAGE).items():
        assert text != (PACKAGE / file).read_text("utf-8")


def test_every_mutant_has_a_name_of_its_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 20


@pytest.mark.parametrize("text", ["no such text anywhere", "return"])
def test_a_mutant_whose_text_is_gone_or_doubled_is_said(text: str) -> None:
    with pytest.raises(Misplaced, match=r"times in verify/times\.py"):
        mutated(Mutant("x", "x", (Edit("verify/times.py", text, ""),)), PACKAGE)
