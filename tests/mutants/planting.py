"""Planting one mutant into a copy of the package, and asking the tests."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from tests.mutants.mutant import Mutant

ROOT = Path(__file__).parents[2]
LONGEST = 300.0
"""Seconds for the tests of one mutant: a mutant that hangs them is caught too."""


class Misplaced(Exception):
    """A mutant whose text does not stand in its file exactly once."""


def mutated(mutant: Mutant, package: Path) -> dict[str, str]:
    """The files it changes, as they are with it. Raises `Misplaced`."""
    texts: dict[str, str] = {}
    for edit in mutant.edits:
        text = texts.get(edit.file) or (package / edit.file).read_text("utf-8")
        if (count := text.count(edit.old)) != 1:
            raise Misplaced(f"{mutant.name}: {edit.old!r} stands {count} times in {edit.file}")
        texts[edit.file] = text.replace(edit.old, edit.new)
    for file, text in texts.items():
        compile(text, file, "exec")
    return texts


@dataclass(frozen=True)
class Verdict:
    """What the tests said of one mutant."""

    mutant: Mutant
    caught: bool
    seconds: float
    by: str
    """The first test that failed, or what else happened."""


def ask(mutant: Mutant | None, folder: Path, tests: Sequence[str]) -> Verdict:
    """Runs the tests in a fresh copy with the mutant planted; None: with nothing planted."""
    for name in ("gateway", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    if mutant is not None:
        for file, text in mutated(mutant, ROOT / "gateway").items():
            (folder / "gateway" / file).write_text(text, "utf-8")
    began = monotonic()
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    environ = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environ,
            capture_output=True,
            text=True,
            timeout=LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Verdict(mutant or NOTHING, True, LONGEST, "the tests did not end")
    caught, by = done.returncode == 1, _first(done.stdout)
    if done.returncode not in (0, 1):
        caught, by = True, by or f"pytest ended with {done.returncode}"
    return Verdict(mutant or NOTHING, caught, monotonic() - began, by)


NOTHING = Mutant("nothing", "the tests pass without any mutant", ())


def _first(output: str) -> str:
    lines = output.splitlines()
    found = [line for line in lines if line.startswith(("FAILED ", "ERROR "))]
    return found[0].split(" - ")[0].partition(" ")[2] if found else ""
