"""`make fuzz MINUTES=30`: attacks every target with both engines, and says what became of it.

The minutes are divided evenly. Ends with 1 if a promise was broken or a process crashed. A found
case stands in `.cache/fuzz/findings`; once understood it is copied to `tests/fuzz/found/TARGET`,
where `make test` runs it for ever.
"""

import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.fuzz.registry import TARGETS
from tests.fuzz.running import ENGINES, FINDINGS, ROOT, Result, fuzz


def main() -> int:
    """Prints a line a run, the findings, and the branches reached."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", help=f"of: {', '.join(TARGETS)} (all)")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    given = parser.parse_args()
    chosen = [TARGETS[name] for name in given.targets or TARGETS]
    runs = [(target, engine) for target in chosen for engine in ENGINES]
    seconds = given.minutes * 60 * given.jobs / len(runs)
    print(f"{len(runs)} runs of {seconds:.0f} s, {given.jobs} at once")
    print(
        f"{'target':14} {'engine':7} {'executions':>11} {'per s':>7} {'findings':>9} {'crashes':>8}"
    )
    with ThreadPoolExecutor(given.jobs) as pool:
        results = []
        for result in pool.map(lambda run: fuzz(*run, seconds), runs):
            results.append(result)
            print(_row(result), flush=True)
    total = sum(result.executions for result in results)
    found = [(r, finding) for r in results for finding in r.findings]
    crashed = [result for result in results if result.crash]
    print(f"{total:,} executions, {len(found)} findings, {len(crashed)} crashes")
    for result, finding in found:
        where = FINDINGS / result.target / result.engine / finding["input"]
        print(f"\n{result.target}: {finding['name']}\n{finding['text']}  {where.relative_to(ROOT)}")
    for result in crashed:
        print(f"\n{result.target}, {result.engine}: {result.crash}")
    reached = subprocess.run([sys.executable, "-m", "tests.fuzz.branches"], cwd=ROOT, check=False)
    return 1 if found or crashed or reached.returncode else 0


def _row(result: Result) -> str:
    rate = result.executions / max(result.seconds, 0.1)
    return (
        f"{result.target:14} {result.engine:7} {result.executions:11,} {rate:7,.0f} "
        f"{len(result.findings):9} {int(bool(result.crash)):8}"
    )


if __name__ == "__main__":
    sys.exit(main())
