"""No expression blocks the loop: the dearest ones end within the steps of one event.

Wall time is printed, never asserted (`pytest -s tests/routing/test_budget.py`); what is asserted is
that the budget ends each, and that a budget can be counted on.
"""

import time
from collections.abc import Iterator

import pytest

from gateway.errors import ExpressionFailed
from gateway.routing.budget import STEPS
from gateway.routing.expressions import Budget, Scope, compile_expression
from gateway.routing.match import Route, RouteIndex, match
from gateway.routing.templates import compile_text
from gateway.routing.transform import compile_transform
from tests.routing.scopes import scope


def deep(levels: int, *, mapping: bool) -> object:
    value: object = 1
    for _ in range(levels):
        value = {"a": value} if mapping else [value]
    return value


WIDE = "\U0001f600"
DEAR: dict[str, tuple[str, object]] = {
    "lower ascii": ("payload.a.lower()", {"a": "A" * 20_000}),
    "lower ascii, once": ("payload.a.lower()", {"a": "A" * 2_500_000}),
    "upper sharp s": ("payload.a.upper()", {"a": "ß" * 10_000}),
    "upper expanding": ("payload.a | upper", {"a": "ΐ" * 1_000}),
    "lower of an emoji": ("payload.a | lower", {"a": (WIDE + "Σ") * 1_000}),
    "strip": ("payload.a.strip()", {"a": " " * 100_000}),
    "strip wide": ("payload.a.strip()", {"a": "\u2003" * 100_000}),
    "trim once": ("payload.a | trim", {"a": " " * 600_000}),
    "split into letters": ("payload.a.split('a')", {"a": "a" * 2_000}),
    "split by spaces": ("payload.a.split()", {"a": "a " * 1_000}),
    "split a million": ("payload.a.split()", {"a": "a " * 500_000}),
    "split wide": ("payload.a.split()", {"a": WIDE * 200_000}),
    "split by long": ("payload.a.split(payload.b)", {"a": "a" * 2_499, "b": "a" * 60 + "b"}),
    "search quadratic": ("payload.b in payload.a", {"a": "a" * 2_499, "b": "b" + "a" * 1_249}),
    "search tail": ("payload.b in payload.a", {"a": "a" * 2_499, "b": "a" * 1_249 + "b"}),
    "search middle": (
        "payload.b in payload.a",
        {"a": "a" * 29_999, "b": "a" * 50 + "b" + "a" * 48},
    ),
    "search long": ("payload.b in payload.a", {"a": "ab" * 150_000, "b": "ab" * 2_000 + "c"}),
    "search once": ("payload.b in payload.a", {"a": "ab" * 300_000, "b": "ba" * 90_000 + "a"}),
    "search wide": ("payload.b in payload.a", {"a": WIDE * 2_499, "b": WIDE * 1_249 + "b"}),
    "search one letter": ("'b' in payload.a", {"a": "a" * 5_000_000}),
    "search short": ("'aaab' in payload.a", {"a": "a" * 1_000_000}),
    "equal text": ("payload.a == payload.b", {"a": "a" * 100_000, "b": "a" * 99_999 + "a"}),
    "equal wide": ("payload.a == payload.b", {"a": WIDE * 100_000, "b": WIDE * 99_999 + WIDE}),
    "equal short": ("payload.a == payload.b", {"a": WIDE * 511, "b": WIDE * 510 + WIDE}),
    "order text": ("payload.a < payload.b", {"a": "a" * 100_000, "b": "a" * 100_000 + "b"}),
    "order mixed": ("payload.a < payload.b", {"a": "a" * 100_000, "b": "a" * 100_000 + WIDE}),
    "equal lists": ("payload.a == payload.b", {"a": [1.5] * 3_000, "b": [1.5] * 3_000}),
    "equal texts": ("payload.a == payload.b", {"a": ["x" * 500] * 900, "b": ["x" * 500] * 900}),
    "equal mappings": (
        "payload.a == payload.b",
        {"a": {f"k{n}": [n] for n in range(1_500)}, "b": {f"k{n}": [n] for n in range(1_500)}},
    ),
    "equal deep": (
        "payload.a == payload.b",
        {"a": deep(3_000, mapping=True), "b": deep(3_000, mapping=True)},
    ),
    "in a list": ("'x' in payload.a", {"a": ["y"] * 5_000}),
    "in a giant list": ("'x' in payload.a", {"a": ["y"] * 1_000_000}),
    "in a list of lists": ("['x'] in payload.a", {"a": [["y"]] * 2_000}),
    "in a mapping": ("payload.a ~ 'x' in payload", {"a": WIDE * 4_000}),
    "computed key": ("payload[payload.a ~ 'x']", {"a": "a" * 10_000}),
    "tojson numbers": ("payload | tojson", {"a": [1.123456789] * 4_000}),
    "tojson texts": ("payload | tojson", {"a": ['"' * 20] * 1_000}),
    "tojson one text": ("payload.a | tojson", {"a": "\x01" * 100_000}),
    "tojson wide": ("payload.a | tojson", {"a": WIDE * 200_000}),
    "tojson mappings": ("payload | tojson", {"a": [{"a": 1}] * 1_000}),
    "tojson small": ("payload.a | tojson", {"a": 1.23456789}),
    "tojson deep": ("payload.a | tojson", {"a": deep(98, mapping=False)}),
    "tojson bomb": ("[payload, payload, [payload, payload]] | tojson", {"a": [[]] * 900}),
    "floats printed": (
        "payload.a ~ payload.a ~ payload.a ~ payload.a",
        {"a": 1.2345678901234567e-300},
    ),
    "join": ("payload.a | join(', ')", {"a": [1.5] * 3_000}),
    "join bomb": ("payload.a | join('" + "x" * 1_000 + "')", {"a": [""] * 5_000}),
    "join texts": ("payload.a | join", {"a": ["x" * 100] * 2_000}),
    "join lists": ("payload.a | join", {"a": [[1]] * 500}),
    "concat": ("payload.a ~ payload.a ~ payload.a ~ payload.a", {"a": WIDE * 10_000}),
    "int": ("payload.a | int(0)", {"a": "9" * 5_000}),
    "int long": ("payload.a | int(0)", {"a": "9" * 77}),
    "float": ("payload.a | float(0)", {"a": "1." + "9" * 90}),
    "large product": ("payload.n * payload.n * payload.n * payload.n", {"n": 2**63 - 1}),
    "large quotient": ("payload.n * payload.n * payload.n // 3", {"n": 2**63 - 1}),
    "method with": ("payload.a.startswith(payload.b)", {"a": "a" * 511 + "b", "b": "a" * 511}),
    "choices": (" if payload.a else ".join(["payload.a"] * 20), {"a": 0}),
    "chain": (" < ".join(["payload.a"] * 30), {"a": "x"}),
    "list": ("[" + ", ".join(["payload.a"] * 50) + "] | length", {"a": 1}),
    "mapping": ("{" + ", ".join(f"'{n}': payload.a" for n in range(50)) + "} | length", {"a": 1}),
    "conditions": (" or ".join(["payload.a.b.c == 'x'"] * 60), {"a": {"b": {"c": "y"}}}),
    "a failing one": ("payload.a.lower() == 'x'", {"a": 1}),
    "headers": ("headers['x-a' ~ payload.a]", {"a": "b"}),
}


def until_exhausted(text: str, payload: object) -> Iterator[Budget]:
    """One event whose routes all ask the same, until nothing is left."""
    expression = compile_expression(text)
    where = scope(payload)
    budget = Budget()
    yield budget
    while budget.steps >= 0 and budget.output >= 0:
        before = budget.steps, budget.output
        try:
            expression.evaluate(where, budget)
        except ExpressionFailed:
            budget.steps -= 10  # as `match` does
        assert (budget.steps, budget.output) < before, "an evaluation that costs nothing"


@pytest.mark.parametrize("name", DEAR)
def test_the_dearest_expressions_of_one_event_end(name: str) -> None:
    (*_,) = until_exhausted(*DEAR[name])


def test_print_the_wall_time_of_the_dearest_events(capsys: pytest.CaptureFixture[str]) -> None:
    rows = []
    for name, (text, payload) in DEAR.items():
        best = 1.0
        for _ in range(3):
            event = until_exhausted(text, payload)
            next(event)  # compiled by now
            begin = time.perf_counter()
            assert next(event, None) is None
            best = min(best, time.perf_counter() - begin)
        rows.append((best * 1000, name))
    with capsys.disabled():
        slowest = sorted(rows, reverse=True)
        print("\nwhole budget of one event, slowest first: ", end="")
        print(", ".join(f"{name} {ms:.1f} ms" for ms, name in slowest[:8]))


def test_one_step_less_than_needed_fails() -> None:
    expression = compile_expression("event.branch == 'main' and payload.n == 42")
    budget = Budget()
    assert expression.test(scope(), budget)
    needed = STEPS - budget.steps
    assert expression.test(scope(), Budget(steps=needed))
    with pytest.raises(ExpressionFailed):
        expression.test(scope(), Budget(steps=needed - 1))


def test_all_routes_of_an_event_share_one_budget() -> None:
    when = compile_expression("'x' in payload.a")
    routes = [Route(str(n), None, None, when, ("t",)) for n in range(3)]
    where = scope({"a": ["y"] * 8_000})
    found = match(RouteIndex(routes), where, verified=True, budget=Budget())
    assert [found.route.name for found in found] == ["1", "2"]
    assert all("more steps" in found.held for found in found)


def test_a_loop_is_charged_for_each_turn() -> None:
    template = compile_text("{% for c in payload.a %}{{ c }}{% endfor %}", use="transform")
    with pytest.raises(ExpressionFailed, match="steps"):
        template.render(scope({"a": [1] * 100_000}), Budget())
    nested = "{% for a in payload.a %}{% for b in payload.a %}{{ b }}{% endfor %}{% endfor %}"
    with pytest.raises(ExpressionFailed):
        compile_text(nested, use="transform").render(scope({"a": [1] * 1_000}), Budget())


def test_the_text_of_an_event_has_an_end() -> None:
    budget = Budget()
    where = scope({"a": "x" * 100_000})
    template = compile_text("{{ payload.a }}", use="transform")
    template.render(where, budget)
    template.render(where, budget)
    with pytest.raises(ExpressionFailed, match="text"):
        template.render(where, budget)


def test_a_transform_of_the_whole_payload_is_charged_for_it() -> None:
    transform = compile_transform({"all": "{{ payload }}"})
    with pytest.raises(ExpressionFailed):
        transform.render(scope([[1] * 10_000] * 100), Budget())
    assert isinstance(where := scope(), Scope)
    assert transform.render(where, Budget()) == {"all": where.payload}
