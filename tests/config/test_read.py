"""A file becomes shapes: variables typed by their field, mistakes of shape with their places."""

from pathlib import Path

import pytest

from gateway.config.read import Config, read
from gateway.errors import ConfigInvalid, Problem

SOURCE = """version: 1
sources:
  a: {provider: github, secrets: ["${SECRET}"], %s}
targets:
  b: {url: "http://127.0.0.1/", %s}
"""


def shaped(tmp_path: Path, text: str, environ: dict[str, str] | None = None) -> Config:
    file = tmp_path / "routes.yaml"
    file.write_text(text, "utf-8")
    return read(file, environ or {})


def refused(tmp_path: Path, text: str) -> tuple[Problem, ...]:
    with pytest.raises(ConfigInvalid) as invalid:
        shaped(tmp_path, text)
    return invalid.value.problems


def test_a_variable_has_the_kind_its_field_wants(tmp_path: Path) -> None:
    text = SOURCE % (
        "enforce: '${F}', closed: '${T}', tolerance: '${D}', path: '${N}', options: {x: '${N}'}",
        "concurrency: '${N}', retry: {attempts: '${N:-4}'}",
    )
    found = shaped(tmp_path, text, {"F": "false", "T": "true", "D": "90s", "N": "7"})
    source, target = found.file.sources["a"], found.file.targets["b"]
    assert found.problems == ()
    assert (source.enforce, source.closed, source.tolerance) == (False, True, 90.0)
    assert (source.path, source.options) == ("7", {"x": "7"})
    assert (target.concurrency, target.retry.attempts) == (7, 7)


@pytest.mark.parametrize("held", ["yes", "TRUE ", "7.5", "", "-1"])
def test_a_variable_that_does_not_fit_its_field_is_one_problem(tmp_path: Path, held: str) -> None:
    for text in (SOURCE % ("enforce: '${V}'", ""), SOURCE % ("", "concurrency: '${V}'")):
        (problem,) = shaped(tmp_path, text, {"V": held}).problems
        assert problem.path in {"sources.a.enforce", "targets.b.concurrency"}


def test_a_quoted_number_is_no_number_without_a_variable(tmp_path: Path) -> None:
    text = SOURCE % ("", "concurrency: '7'")
    (problem,) = shaped(tmp_path, text).problems
    assert problem.message == "a whole number is wanted, not '7'"


def test_a_number_where_a_text_is_wanted_says_how_to_write_it(tmp_path: Path) -> None:
    text = SOURCE % ("path: 7", "")
    (problem,) = shaped(tmp_path, text).problems
    assert problem.hint == "put it in quotes"


def test_variables_are_never_put_into_keys(tmp_path: Path) -> None:
    text = 'version: 1\n"${A}": {}\nserver: {"${B}": x}\n'
    (tmp_path / "routes.yaml").write_text(text)
    problems = read(tmp_path / "routes.yaml", {"A": "server", "B": "listen"}).problems
    assert [(one.line, one.column) for one in problems] == [(2, 1), (3, 10)]


def test_a_variable_cannot_change_the_structure(tmp_path: Path) -> None:
    text = "version: 1\nserver: {public_url: '${URL}'}\n"
    held = 'x", listen: "0.0.0.0:80'
    found = shaped(tmp_path, text, {"URL": held})
    assert found.file.server.public_url == held
    assert found.file.server.listen == "127.0.0.1:8080"


def test_secrets_and_expressions_are_left_as_they_are_written(tmp_path: Path) -> None:
    text = """version: 1
sources: {a: {provider: github, secrets: ["${SECRET}"]}}
targets: {b: {url: "http://127.0.0.1/", headers: {X-A: "${TOKEN}"}}}
routes: [{name: r, to: [b], when: "event.a == '${A}'", transform: {a: "${A}"}}]
"""
    found = shaped(tmp_path, text, {"SECRET": "s", "TOKEN": "t", "A": "a"}).file
    assert found.sources["a"].secrets == ["${SECRET}"]
    assert found.targets["b"].headers == {"X-A": "${TOKEN}"}
    assert (found.routes[0].when, found.routes[0].transform) == ("event.a == '${A}'", {"a": "${A}"})


def test_so_are_the_secrets_of_targets_and_what_orders_shares_and_joins(tmp_path: Path) -> None:
    text = """version: 1
targets:
  a: {url: "http://127.0.0.1/", auth: {bearer: "${X}"}, fair_by: "'${X}'"}
  b: {url: "http://127.0.0.1/", auth: {basic: {user: "${X}", password: "${X}"}}}
routes: [{name: r, to: [a], order_by: "'${X}'", debounce: {by: "'${X}'", wait: "${W}"}}]
"""
    found = shaped(tmp_path, text, {"X": "x", "W": "5s"}).file
    auth, basic = found.targets["a"].auth, found.targets["b"].auth
    assert auth is not None
    assert basic is not None
    assert basic.basic is not None
    assert (auth.bearer, basic.basic.password, basic.basic.user) == ("${X}", "${X}", "x")
    route = found.routes[0]
    assert route.debounce is not None
    texts = (found.targets["a"].fair_by, route.order_by, route.debounce.by)
    assert texts == ("'${X}'",) * 3
    assert route.debounce.wait == 5.0


@pytest.mark.parametrize(
    "more",
    [
        "sign: hunter2", "sign: [4711]", "auth: hunter2", "auth: {bearer: 4711}",
        "auth: {basic: hunter2}", "auth: {basic: {user: us, password: 4711}}",
        "headers: {X-Key: 4711}", "headers: hunter2",
    ],
)  # fmt: skip
def test_what_may_be_a_secret_is_not_quoted(tmp_path: Path, more: str) -> None:
    text = f"version: 1\ntargets:\n  a:\n    url: http://127.0.0.1/\n    {more}\n"
    (problem,) = shaped(tmp_path, text).problems
    assert problem.line == 5
    assert "hunter2" not in str(problem)
    assert "4711" not in str(problem)


def test_names_that_hide_keys_are_still_names(tmp_path: Path) -> None:
    text = "version: 1\ntargets: {headers: {url: '${U}'}, sign: {url: '${U}'}}\n"
    found = shaped(tmp_path, text, {"U": "http://127.0.0.1/"}).file
    assert {target.url for target in found.targets.values()} == {"http://127.0.0.1/"}


def test_the_version_is_needed_and_is_one(tmp_path: Path) -> None:
    for text in ("server: {}\n", "version: 2\n", "version: '1'\n", "version:\n"):
        (problem,) = shaped(tmp_path, text).problems
        assert problem.line == 1
        assert "version" in f"{problem.path} {problem.message}"


def test_a_file_that_cannot_be_read_is_one_problem(tmp_path: Path) -> None:
    assert len(refused(tmp_path, "a: [")) == 1
    assert len(refused(tmp_path, "")) == 1
    with pytest.raises(ConfigInvalid) as invalid:
        read(tmp_path, {})
    assert len(invalid.value.problems) == 1


@pytest.mark.parametrize(
    "value", ["", "x", "7", "[]", "[{}]", "{a: }", "{a: x}", "{a: []}", "true"]
)
@pytest.mark.parametrize("section", ["server", "admin", "store", "sources", "targets", "routes"])
def test_no_kind_of_value_in_any_section_raises(tmp_path: Path, section: str, value: str) -> None:
    text = f"version: 1\n{section}: {value}\n"
    fine = (section, value) in {(section, "{}"), ("routes", "[]")}
    found = shaped(tmp_path, text)
    assert bool(found.problems) is not fine
    assert {problem.line for problem in found.problems} <= {2}
