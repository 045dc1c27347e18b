"""A file with dozens of mistakes: each is said on its line, with what to do, and nothing else is."""

import re
from pathlib import Path

import pytest

from gateway.errors import ConfigInvalid, Problem
from gateway.plan.compile import compile_plan

HERE = Path(__file__).parent
LINES = (HERE / "mistakes.yaml").read_text("utf-8").splitlines()
EXPECTED = {
    number: said[1]
    for number, line in enumerate(LINES, 1)
    if (said := re.search(r"#! (.+)$", line))
}


@pytest.fixture(scope="module")
def problems(tmp_path_factory: pytest.TempPathFactory) -> tuple[Problem, ...]:
    folder = tmp_path_factory.mktemp("config")
    (folder / "good").write_text("a-secret-of-more-than-sixteen-bytes\n")
    (folder / "short").write_text("short\n")
    file = folder / "routes.yaml"
    file.write_text(re.sub(r"  #! .+$", "", "\n".join(LINES), flags=re.M), "utf-8")
    with pytest.raises(ConfigInvalid) as invalid:
        compile_plan(file, {}, generation=1)
    return invalid.value.problems


def test_there_are_enough_of_them() -> None:
    assert len(EXPECTED) >= 50


@pytest.mark.parametrize("line", EXPECTED, ids=lambda line: f"line {line}")
def test_a_mistake_is_said_on_its_line(problems: tuple[Problem, ...], line: int) -> None:
    (found,) = (problem for problem in problems if problem.line == line)
    assert EXPECTED[line] in found.message
    assert found.column >= 1
    assert LINES[line - 1][found.column - 1] != " "


def test_nothing_else_is_said(problems: tuple[Problem, ...]) -> None:
    assert [str(one) for one in problems if one.line not in EXPECTED] == []
    assert [one.line for one in problems] == sorted(one.line for one in problems)
