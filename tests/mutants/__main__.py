"""`make mutants`: plants each mistake into a copy of the package and runs the tests against it.

Ends with 1 if one survives, if the tests fail without any, or if they do not run the copy at all.
"""

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutants.mutant import Mutant
from tests.mutants.planted import CONTROL, MUTANTS
from tests.mutants.planting import NOTHING, ROOT, Verdict, ask, mutated

TESTS = ("tests/verify",)


def _one(mutant: Mutant) -> Verdict:
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        return ask(None if mutant is NOTHING else mutant, Path(folder), TESTS)


def main() -> int:
    """Prints the table; 1 if a mutant survives."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="only mutants whose names hold one of these")
    parser.add_argument("--parallel", type=int, default=2, help="how many at once (2)")
    chosen = parser.parse_args()
    wanted = [m for m in MUTANTS if not chosen.names or any(n in m.name for n in chosen.names)]
    for mutant in (CONTROL, *MUTANTS):
        mutated(mutant, ROOT / "gateway")
    with ThreadPoolExecutor(chosen.parallel) as pool:
        verdicts = []
        for verdict in pool.map(_one, (NOTHING, CONTROL, *wanted)):
            verdicts.append(verdict)
            print(_row(verdict), flush=True)
    wrong = [v for v in verdicts if v.caught == (v.mutant is NOTHING)]
    survived = [v for v in wrong if v.mutant not in (NOTHING, CONTROL)]
    print(f"{len(wanted)} mutants, {len(wanted) - len(survived)} caught, {len(survived)} survived")
    return 1 if wrong else 0


def _row(verdict: Verdict) -> str:
    said = "caught" if verdict.caught else "passed" if verdict.mutant is NOTHING else "SURVIVED"
    why = verdict.by if verdict.caught else verdict.mutant.reason
    return f"{said:9} {verdict.mutant.name:38} {verdict.seconds:5.1f} s  {why}"


if __name__ == "__main__":
    sys.exit(main())
