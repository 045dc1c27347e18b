"""One mistake in a right file is one problem, on its line and column, with what to do."""

from pathlib import Path

import pytest

from gateway.plan.report import Report, check_report
from tests.plan.one import MISTAKES, RIGHT

ENVIRON = {"EMPTY": ""}


def check(folder: Path, text: str) -> Report:
    (folder / "good").write_text("a-secret-of-more-than-sixteen-bytes\n")
    (folder / "short").write_text("short\n")
    (folder / "empty").write_text("\n")
    (folder / "routes.yaml").write_text(text, "utf-8")
    return check_report(folder / "routes.yaml", ENVIRON)


def test_the_right_file_is_right(tmp_path: Path) -> None:
    report = check(tmp_path, RIGHT)
    assert (report.errors, report.warnings) == ((), ())


def test_there_are_enough_of_them() -> None:
    assert len(MISTAKES) >= 100


@pytest.mark.parametrize(
    ("old", "new", "on", "said", "hint"), MISTAKES, ids=[one[1][-40:] for one in MISTAKES]
)
def test_it_is_said_on_its_place_and_nothing_else(
    tmp_path: Path, old: str, new: str, on: str, said: str, hint: str
) -> None:
    assert RIGHT.count(old) == 1
    text = RIGHT.replace(old, new)
    report = check(tmp_path, text)
    (problem,) = report.errors
    assert said in problem.message
    assert hint in problem.hint
    place = sum(len(line) for line in text.splitlines(keepends=True)[: problem.line - 1])
    assert text[place + problem.column - 1 :].startswith(on)
