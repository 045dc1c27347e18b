"""Two routes that give one target the same event are named, and only those."""

from pathlib import Path

import pytest

from gateway.plan.report import check_report

TEXT = """\
version: 1
sources:
  hub: {provider: github, secrets: ["file:secret"]}
  pay: {provider: stripe, secrets: ["file:secret"]}
targets:
  a: {url: "http://127.0.0.1:1/"}
  b: {url: "http://127.0.0.1:2/"}
routes:
"""


def warnings(folder: Path, *routes: str) -> list[tuple[int, str]]:
    (folder / "secret").write_text("a-secret-of-more-than-sixteen-bytes\n")
    file = folder / "routes.yaml"
    file.write_text(TEXT + "".join(f"  - {{{route}}}\n" for route in routes))
    report = check_report(file, {})
    assert report.ok, report.errors
    return [(one.line, one.message) for one in report.warnings if "twice" in one.message]


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("to: [a, b]", "to: [b]", "gives it alert.firing"),
        ("to: [a, b], on: [vcs.push]", "to: [b]", "gives it vcs.push too"),
        ("to: [a, b], on: [vcs.*]", 'to: [b], on: ["*.push"]', "gives it vcs.push too"),
        ("to: [a, b], from: [hub]", "to: [b], from: [hub, pay], on: [vcs.push]", "vcs.push"),
        ("to: [a, b], when: event.branch == 'x'", "to: [b]", "'b' gets the same event twice"),
        (
            "to: [a, b], when: event.branch == 'x'",
            "to: [b], when: event.branch == 'x'",
            "'b' gets the same event twice",
        ),
        ("to: [a, b]", "to: [b], format: raw", "route 'one'"),
    ],
)
def test_both_are_named(tmp_path: Path, first: str, second: str, said: str) -> None:
    ((line, message),) = warnings(tmp_path, f"name: one, {first}", f"name: two, {second}")
    assert line == 10
    assert said in message


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("to: [a]", "to: [b]"),
        ("to: [a, b], on: [vcs.push]", "to: [b], on: [vcs.tag.*]"),
        ("to: [a, b], from: [hub]", "to: [b], from: [pay]"),
        ("to: [a, b], when: event.branch == 'x'", "to: [b], when: event.branch == 'y'"),
        ("to: [a, b]", "to: [b], on: [meta.ping]"),
    ],
)
def test_those_that_share_nothing_or_perhaps_nothing_are_not(
    tmp_path: Path, first: str, second: str
) -> None:
    assert warnings(tmp_path, f"name: one, {first}", f"name: two, {second}") == []


def test_a_hundred_routes_are_looked_at_at_once(tmp_path: Path) -> None:
    routes = [f"name: r{n}, to: [{'ab'[n % 2]}]" for n in range(100)]
    assert len(warnings(tmp_path, *routes)) == 98, "each names the first one before it"


def test_many_routes_with_conditions_of_their_own_are_soon_looked_over(tmp_path: Path) -> None:
    """Each pair was compared type by type: a reload of 300 stood still for a minute."""
    routes = [f"name: r{n}, to: [a], when: event.branch == 'b{n}'" for n in range(300)]
    assert warnings(tmp_path, *routes) == []
    assert len(warnings(tmp_path, *routes, "name: all, to: [a]")) == 1
