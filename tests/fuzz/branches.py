"""Branch coverage of the targets: seeds, found cases and what the engines have kept, run once more.

A process of its own, since it must watch the gateway from its first import: `python -m
tests.fuzz.branches`. Prints a line a package, and what no input has reached.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from time import monotonic

import coverage

from tests.fuzz.running import CORPUS, ROOT

PACKAGES = ("verify", "providers", "routing", "ingest")
GOAL = 95.0
"""Percent of the branches of each of `PACKAGES`."""
_SECONDS = 40.0
"""For the kept inputs of one target and engine; seeds are always run."""


def _replay(seconds: float) -> dict[str, tuple[int, int]]:
    """Runs everything; by target, how many inputs were run and how many there are."""
    from tests.fuzz import judging  # noqa: PLC0415  # imports the gateway: after the watch began
    from tests.fuzz.properties import as_property  # noqa: PLC0415
    from tests.fuzz.registry import TARGETS  # noqa: PLC0415

    counts: dict[str, tuple[int, int]] = {}
    for target in TARGETS.values():

        def judge(data: bytes, run: Callable[[bytes], None] = target.run) -> None:
            judging.failure(run, data)

        seeds = [data for _, data in target.seeds()]
        for data in seeds:
            judge(data)
        done = _some(judge, CORPUS / target.name / "bytes", seconds)
        more = _some(as_property(target.cases, judge), CORPUS / target.name / "shapes", seconds)
        counts[target.name] = (len(seeds) + done[0] + more[0], len(seeds) + done[1] + more[1])
    return counts


def _some(judge: Callable[[bytes], object], folder: Path, seconds: float) -> tuple[int, int]:
    """Those for which there is time, the small ones first."""
    files = (
        sorted(folder.iterdir(), key=lambda file: file.stat().st_size) if folder.is_dir() else []
    )
    end = monotonic() + seconds
    for number, file in enumerate(files):
        if monotonic() > end:
            return number, len(files)
        judge(file.read_bytes())
    return len(files), len(files)


def _percent(report: dict, package: str) -> tuple[float, int, int]:
    files = [
        f["summary"]
        for name, f in report["files"].items()
        if name.startswith(f"gateway/{package}/")
    ]
    covered = sum(one["covered_branches"] for one in files)
    known = sum(one["num_branches"] for one in files)
    return (100.0 * covered / known if known else 100.0), covered, known


def _missing(report: dict) -> Iterable[str]:
    for name, file in sorted(report["files"].items()):
        if file["missing_branches"]:
            places = ", ".join(f"{a}→{b if b > 0 else 'end'}" for a, b in file["missing_branches"])
            yield f"  {name}: {places}"


def main() -> int:
    """0 if every package has reached the goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=_SECONDS)
    parser.add_argument("--missing", action="store_true", help="name each branch not reached")
    given = parser.parse_args()
    watched = [f"gateway.{package}" for package in PACKAGES]
    watch = coverage.Coverage(branch=True, source_pkgs=watched, data_file=None, config_file=False)
    watch.start()
    counts = _replay(given.seconds)
    watch.stop()
    file = ROOT / ".cache" / "fuzz" / "coverage.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    watch.json_report(outfile=str(file), ignore_errors=True)
    report = json.loads(file.read_text("utf-8"))
    done, known = (sum(pair[at] for pair in counts.values()) for at in (0, 1))
    print(f"\nbranches reached by {done:,} of {known:,} inputs (seeds and what was found)")
    percents = {package: _percent(report, package) for package in PACKAGES}
    for package, (percent, covered, all_of_them) in percents.items():
        print(f"  gateway/{package:10} {percent:5.1f} %  {covered} of {all_of_them}")
    if given.missing:
        print("\n".join(_missing(report)))
    return 0 if all(percent >= GOAL for percent, _, _ in percents.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
