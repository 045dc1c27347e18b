"""Which routes want an event."""

import pytest

from gateway.routing.expressions import Budget, Expression, Scope, compile_expression
from gateway.routing.match import CACHE, Route, RouteIndex, match, type_matches


def route(
    name: str,
    *,
    sources: frozenset[str] | None = None,
    types: tuple[str, ...] | None = None,
    when: Expression | None = None,
    accept_unverified: bool = False,
) -> Route:
    return Route(name, sources, types, when, ("t",), accept_unverified=accept_unverified)


def names(routes: list[Route], source: str = "github", type: str = "vcs.push") -> list[str]:
    return [route.name for route in RouteIndex(routes).candidates(source, type)]


def event(payload: object = None) -> Scope:
    return Scope({}, payload, {}, "github", "vcs.push", "evt_1")


@pytest.mark.parametrize(
    ("pattern", "type", "wanted"),
    [
        ("vcs.push", "vcs.push", True),
        ("vcs.push", "vcs.pushed", False),
        ("vcs.push", "vcs.push.more", False),
        ("payment.*", "payment.succeeded", True),
        ("payment.*", "payment", False),
        ("payment.*", "payments.succeeded", False),
        ("vcs.*", "vcs.change.opened", True),
        ("vcs.*.created", "vcs.branch.created", True),
        ("vcs.*.created", "vcs.created", False),
        ("vcs.*.created", "vcs.a.b.created", False),
        ("vcs.*.*", "vcs.push", False),
        ("*.finished", "deploy.finished", True),
        ("*.finished", "ci.job.finished", False),
        ("*", "other", True),
        ("*", "meta.ping", True),
        ("*", "ci.job.finished", True),
        ("vcs.pu*", "vcs.push", False),
        ("", "other", False),
    ],
)
def test_a_pattern_goes_by_segments(pattern: str, type: str, wanted: bool) -> None:
    assert type_matches(pattern, type) is wanted


def test_routes_come_in_the_order_of_the_file() -> None:
    routes = [
        route("b", types=("vcs.*",)),
        route("a"),
        route("c", sources=frozenset({"gitlab"})),
        route("d", sources=frozenset({"github", "gitlab"}), types=("ci.*", "vcs.push")),
    ]
    assert names(routes) == ["b", "a", "d"]
    assert names(routes, source="gitlab", type="ci.job.started") == ["a", "c", "d"]


def test_a_route_without_types_wants_all_but_meta() -> None:
    assert names([route("a")], type="other") == ["a"]
    assert names([route("a")], type="meta.ping") == []
    assert names([route("a", types=("meta.*",))], type="meta.ping") == ["a"]


def test_the_memory_of_candidates_has_an_end() -> None:
    index = RouteIndex([route("a")])
    for number in range(CACHE * 2 + 5):
        assert len(index.candidates("custom", f"x.{number}")) == 1
    assert len(index._cache) <= CACHE


def test_a_condition_decides_and_a_failing_one_holds_only_its_own_route() -> None:
    routes = [
        route("yes", when=compile_expression("payload.n == 1")),
        route("no", when=compile_expression("payload.n == 2")),
        route("absent", when=compile_expression("payload.x.y.startswith('z')")),
        route("broken", when=compile_expression("payload.n.lower() == 'x'")),
        route("plain"),
    ]
    found = match(RouteIndex(routes), event({"n": 1}), verified=True, budget=Budget())
    assert [(found.route.name, bool(found.held)) for found in found] == [
        ("yes", False),
        ("broken", True),
        ("plain", False),
    ]
    assert "needs text, not a number" in found[1].held


def test_an_unverified_event_goes_only_where_it_is_accepted() -> None:
    routes = [
        route("strict"),
        route("strict-when", when=compile_expression("payload.n.lower()")),
        route("open", accept_unverified=True),
    ]
    index = RouteIndex(routes)
    unverified = match(index, event({"n": 1}), verified=False, budget=Budget())
    assert [found.route.name for found in unverified] == ["open"]
    assert len(match(index, event({"n": 1}), verified=True, budget=Budget())) == 3
