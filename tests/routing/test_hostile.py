"""Hostile expressions over hostile payloads: refused when read, or failing within the budget."""

import pytest

from gateway.errors import ExpressionFailed
from gateway.routing.budget import OUTPUT, STEPS
from gateway.routing.expressions import BadExpression, Budget, compile_expression
from gateway.routing.templates import compile_text
from gateway.routing.transform import compile_transform
from tests.routing.scopes import scope

REFUSED = [
    # operators that make much out of little
    "'%s' % payload.s",
    "'%1000000000d' % 1",
    "payload.n % '3'",
    "9 ** 9 ** 9",
    "payload.n ** payload.n",
    "'a' * 1000000000",
    "payload.n * 'a'",
    "[1] * 1000000000",
    "[0, [0]] * 9",
    "('a',) * 9",
    "'a' + 'b'",
    "[1] + [2]",
    "true + 1",
    "payload.a + none",
    "payload.items[0:1]",
    "payload.items[::-1]",
    "payload.items[:]",
    "payload.s[1:]",
    "payload['a', 'b']",
    "payload.items[1.5]",
    "payload.items[true]",
    "payload.items[none]",
    "payload.items[[1]]",
    # methods and filters that format, pad or reach out
    "payload.s.format(payload)",
    "'{0.__class__}'.format(payload)",
    "'{:>999999999}'.format(1)",
    "payload.s.format_map(payload)",
    "payload.s.center(1000000000)",
    "payload.s.ljust(1000000000)",
    "payload.s.rjust(9)",
    "payload.s.zfill(1000000000)",
    "payload.s.expandtabs(1000000000)",
    "payload.s.replace('a', 'b' ~ payload.s)",
    "payload.s.encode('idna')",
    "payload.s.join(payload.items)",
    "payload.s.translate(payload)",
    "payload.items.append(1)",
    "payload.items.pop()",
    "payload.items.sort()",
    "payload.update(payload)",
    "payload.keys()",
    "payload.get('a')",
    "payload.items()",
    "payload.clear()",
    "payload.s | attr('__class__')",
    "payload | map('upper')",
    "payload.items | map(attribute='x')",
    "payload.items | select",
    "payload.items | reject('none')",
    "payload.items | groupby('x')",
    "payload.items | batch(2)",
    "payload.items | slice(1000000000)",
    "payload.items | sum",
    "payload.items | list",
    "payload | dictsort",
    "payload | items",
    "payload.s | format(1)",
    "'%1000000000s' | format(1)",
    "payload.s | center(1000000000)",
    "payload.s | indent(1000000000)",
    "payload.s | wordwrap(1)",
    "payload.s | replace('a', 'b')",
    "payload.s | safe",
    "payload.s | escape",
    "payload.s | forceescape",
    "payload.s | urlize",
    "payload.s | xmlattr",
    "payload.s | pprint",
    "payload.items | random",
    "payload.items | unique",
    "payload.items | join(payload.s)",
    "payload.items | join(',', attribute='x')",
    "payload.items | join(1)",
    "payload.s | lower(1)",
    "payload.s | default(*payload.items)",
    "payload.s | default(**payload)",
    "payload.s | default(default_value='x')",
    "payload.s | int(base=36)",
    "payload.s | int(0, 36)",
    "payload.n | round",
    "payload.n | filesizeformat",
    "payload.s | tojson(indent=4)",
    "payload.s | string.x",
    "payload.s.startswith(prefix='a')",
    "payload.s.startswith()",
    "payload.s.split('/', 1)",
    "payload.s.split(maxsplit=1)",
    "payload.s.strip('abc')",
    "payload.s is mapping",
    "payload.s is callable",
    "payload.s is string",
    "payload.s is undefined",
    "payload.s is sameas payload.s",
    "payload.n is divisibleby 3",
    "payload.n is eq 42",
    "payload.s is filter",
    # names and calls
    "range(1000000000)",
    "range(9) | join",
    "lipsum(n=100)",
    "lipsum.__globals__['os'].popen('id').read()",
    "cycler('a', 'b')",
    "cycler.__init__.__globals__",
    "joiner(',')",
    "namespace(a=1)",
    "dict(a=1)",
    "self",
    "self.__dict__",
    "self._TemplateReference__context",
    "loop.index",
    "caller()",
    "varargs",
    "kwargs",
    "super()",
    "get_flashed_messages()",
    "config",
    "request.application",
    "True.__class__()",
    "().__class__.__bases__[0].__subclasses__()",
    "''.__class__.__mro__[1]()",
    "payload.__class__.__mro__()",
    "payload.__init__.__globals__()",
    "payload['__class__']()",
    "event()",
    "payload.s()",
    "payload.s()()",
    "(payload.s | lower)()",
    "headers",
    "headers | tojson",
    "headers[1]",
    "headers.items()",
    "_",
    "__import__('os')",
    "open('/etc/passwd')",
    "print(1)",
    "__builtins__",
    "event.__proto__.x()",
    # syntax that is no expression
    "x = 1",
    "payload := 1",
    "lambda: 1",
    "[x for x in payload]",
    "{x: 1 for x in payload}",
    "{payload.s: 1}",
    "{1: 1}",
    "payload if",
    "payload.s; payload.n",
    "payload, payload ==",
    "payload }} {{ payload",
    "payload %} {% set x = 1",
    "{{ payload }}",
    "{% for x in payload %}{% endfor %}",
    "payload {# comment",
    "import os",
    "not",
    "((",
    "payload.",
    "payload..s",
    "'unclosed",
    "'\\ud800' in payload.s",
    "'\\x'",
    "\x00",
    "payload.s == \u201cmain\u201d",
    # giants
    "1" * 5_000,
    "0x" + "f" * 4_000,
    "1e999",
    "-1e999",
    "9" * 400 + " < payload.n",
    "'" + "a" * 20_000 + "'",
    "(" * 100 + "1" + ")" * 100,
    "[" * 5_000,
    "[" * 40 + "]" * 40,
    "{'a':" * 40 + "1" + "}" * 40,
    "not " * 3_000 + "payload.s",
    "not " * 150 + "payload.s",
    "-" * 3_000 + "1",
    "- " * 150 + "payload.n",
    "payload" + " | lower" * 150,
    "payload" + ".lower()" * 150,
    "payload" + "[payload" * 50 + "]" * 50,
    "1" + " + 1" * 1_500,
    "1 if 1 else " * 500 + "1",
    "1 if 1 else " * 150 + "1",
    " or ".join(["payload.s"] * 1_500),
    "payload.s in " + "[" + "1," * 3_000 + "]",
]


def nested(levels: int, *, mapping: bool) -> object:
    value: object = "x"
    for _ in range(levels):
        value = {"a": value} if mapping else [value]
    return value


LISTS = nested(10_000, mapping=False)
MAPPINGS = nested(10_000, mapping=True)

FAILING: list[tuple[str, object]] = [
    ("payload.s * payload.n", {"s": "a", "n": 10**9}),
    ("payload.s % payload.n", {"s": "%1000000000d", "n": 1}),
    ("payload.s % 1", {"s": "%1000000000d"}),
    ("payload.n % payload.m", {"n": 7, "m": 0}),
    ("payload.n * payload.s", {"s": ["a"], "n": 10**9}),
    ("payload.s + payload.s", {"s": "a" * 10**6}),
    ("payload.s - payload.n", {"s": "a", "n": 1}),
    ("payload.n * payload.n", {"n": 10**5000}),
    ("payload.n * payload.n * payload.n * payload.n * payload.n", {"n": 2**63}),
    ("payload.n + 1", {"n": 10**5000}),
    ("payload.n | string", {"n": 10**5000}),
    ("payload.n ~ ''", {"n": 10**5000}),
    ("payload.n | tojson", {"n": 10**30}),
    ("payload | tojson", {"n": float("nan")}),
    ("payload | tojson", {"n": float("inf")}),
    ("payload.n / 3", {"n": 10**400}),
    ("payload.f * payload.f", {"f": 1e308}),
    ("payload.n // payload.f", {"n": 1, "f": 0.0}),
    ("payload.f | int", {"f": float("inf")}),
    ("payload.f | int", {"f": float("nan")}),
    ("payload.f | int", {"f": 1e300}),
    ("payload.s | int", {"s": "9" * 5000}),
    ("payload.s | int", {"s": "1_000"}),
    ("payload.s | int", {"s": "\u0663"}),
    ("payload.s | float", {"s": "nan"}),
    ("payload.s | float", {"s": "infinity"}),
    ("payload.s | float", {"s": "1" * 5000}),
    ("payload.a | tojson", {"a": LISTS}),
    ("payload.a | string", {"a": MAPPINGS}),
    ("payload.a ~ ''", {"a": LISTS}),
    ("[payload.a] | join", {"a": MAPPINGS}),
    ("payload.a == payload.b", {"a": LISTS, "b": nested(10_000, mapping=False)}),
    ("payload.a == payload.b", {"a": MAPPINGS, "b": nested(10_000, mapping=True)}),
    ("payload.a in [payload.b]", {"a": LISTS, "b": nested(10_000, mapping=False)}),
    ("payload.a | lower", {"a": LISTS}),
    ("payload.a < payload.a", {"a": LISTS}),
    ("payload | tojson", [[]] * 100_000),
    ("payload | tojson", ["x" * 1000] * 1000),
    ("[payload, payload] | tojson", ["x" * 100] * 2000),
    ("payload.s ~ payload.s ~ payload.s", {"s": "x" * 100_000}),
    ("payload | join('" + "x" * 1000 + "')", [""] * 1000),
    ("payload | join", ["x" * 1000] * 1000),
    ("payload | join(',')", [1] * 100_000),
    ("'x' in payload", ["y"] * 100_000),
    ("['x'] in payload", [["y" * 600]] * 50_000),
    ("payload.a in payload.b", {"a": "a" * 1000 + "b", "b": "a" * 20_000_000}),
    ("payload.a == payload.b", {"a": "a" * 20_000_000, "b": "a" * 19_999_999 + "b"}),
    ("payload.a < payload.b", {"a": "a" * 20_000_000, "b": "a" * 19_999_999 + "b"}),
    ("payload.a.lower()", {"a": "a" * 20_000_000}),
    ("payload.a.upper()", {"a": "\u0390" * 1_000_000}),
    ("payload.a.strip()", {"a": " " * 20_000_000}),
    ("payload.a.split('a')", {"a": "a" * 20_000_000}),
    ("payload.a.split()", {"a": "a " * 10_000}),
    ("payload.a.split(payload.b)", {"a": "a" * 10_000_000, "b": "a" * 50 + "b"}),
    ("payload[payload.a ~ payload.a]", {"a": "a" * 200_000}),
    ("payload == payload", {str(n): n for n in range(100_000)}),
    ("payload.a | tojson", {"a": "\ud800"}),
    ("event.x.lower()", {}),
]


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: repr(text[:40]))
def test_it_is_refused_when_the_file_is_read(text: str) -> None:
    with pytest.raises(BadExpression) as refused:
        compile_expression(text)
    error = refused.value
    assert 0 <= error.offset <= len(text)
    assert error.line >= 1
    assert error.column >= 1
    assert len(error.message) + len(error.hint) < 500
    assert "\n" not in error.message


@pytest.mark.parametrize(
    ("text", "payload"),
    FAILING,
    ids=lambda value: repr(value)[:40] if isinstance(value, str) else "",
)
def test_it_fails_within_the_budget(text: str, payload: object) -> None:
    budget = Budget()
    where = scope(payload, event={"x": 7})
    expression = compile_expression(text)
    with pytest.raises(ExpressionFailed) as failed:
        expression.evaluate(where, budget)
    assert budget.steps <= STEPS
    assert budget.output <= OUTPUT
    assert "could not be evaluated" not in str(failed.value)


def test_there_are_enough_of_them() -> None:
    assert len(REFUSED) + len(FAILING) >= 120
    assert len(set(REFUSED)) == len(REFUSED)


@pytest.mark.parametrize(
    "text",
    [
        "{% set x = 1 %}",
        "{% set x %}a{% endset %}",
        "{% macro m() %}{% endmacro %}",
        "{% call m() %}{% endcall %}",
        "{% import 'x' as y %}",
        "{% from 'x' import y %}",
        "{% include '/etc/passwd' %}",
        "{% extends 'x' %}",
        "{% block a %}{% endblock %}",
        "{% filter upper %}a{% endfilter %}",
        "{% with a = 1 %}{% endwith %}",
        "{% autoescape true %}{% endautoescape %}",
        "{% raw %}{{ x }}{% endraw %}",
        "{% do payload.x %}",
        "{% debug %}",
        "{% for a, b in payload %}{% endfor %}",
        "{% for event in payload %}{% endfor %}",
        "{% for loop in payload %}{% endfor %}",
        "{% for a in payload recursive %}{{ loop(a) }}{% endfor %}",
        "{% for a in payload %}{{ loop.index }}{% endfor %}",
        "{% for a in payload %}{% break %}{% endfor %}",
        "{% for a in range(9) %}{% endfor %}",
        "{% for a in payload %}{% endfor %}{{ a }}",
        "{% for a.b in payload %}{% endfor %}",
        "{% for a in payload %}",
        "{% if payload %}",
        "{{ payload",
        "{{ payload }",
        "{{ }}",
        "{% for a in payload %}" * 40 + "{% endfor %}" * 40,
        "{% if payload %}" * 400 + "{% endif %}" * 400,
        "{{ a }}" * 3_000,
        "x" * 20_000,
    ],
    ids=lambda text: repr(text[:40]),
)
def test_a_text_is_refused_when_the_file_is_read(text: str) -> None:
    with pytest.raises(BadExpression) as refused:
        compile_text(text, use="transform")
    assert 0 <= refused.value.offset <= len(text)


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("{% for a in payload %}{% for b in payload %}x{% endfor %}{% endfor %}", [1] * 200),
        ("{% for a in payload %}{{ a }}{% endfor %}", ["x" * 1000] * 1000),
        ("{% for a in payload if a == 'x' %}{% endfor %}", ["y"] * 100_000),
        ("{% for a in payload %}{% endfor %}", "text"),
        ("{% for a in payload %}{% endfor %}", {"a": 1}),
        ("{{ payload }}x", LISTS),
        ("{% if payload == [payload] %}x{% endif %}{{ payload }}.", LISTS),
    ],
)
def test_a_text_fails_within_the_budget(text: str, payload: object) -> None:
    template = compile_text(text, use="transform")
    with pytest.raises(ExpressionFailed) as failed:
        template.render(scope(payload), Budget())
    assert "could not be evaluated" not in str(failed.value)


@pytest.mark.parametrize("payload", [LISTS, MAPPINGS, [10**30], [float("nan")], ["\ud800"]])
def test_a_transform_never_gives_what_cannot_be_written(payload: object) -> None:
    with pytest.raises(ExpressionFailed):
        compile_transform({"a": "{{ payload }}"}).render(scope(payload), Budget())


def test_deep_data_is_walked_by_a_path_without_harm() -> None:
    assert compile_expression("payload.a.a.a.b is defined").test(scope(MAPPINGS), Budget()) is False
    assert compile_expression("payload[0][0][0]").test(scope(LISTS), Budget()) is True
    assert compile_expression("payload != 'x'").test(scope(LISTS), Budget()) is True
