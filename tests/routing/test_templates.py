"""Headers and transforms: text with expressions in it."""

import pytest

from gateway.errors import ExpressionFailed
from gateway.routing.expressions import MISSING, BadExpression, Budget
from gateway.routing.templates import compile_text
from gateway.routing.transform import compile_transform
from tests.routing.scopes import PAYLOAD, scope


def text(template: str, payload: object = PAYLOAD) -> str:
    return compile_text(template, use="transform").render(scope(payload), Budget())


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ("{{ event.repo }}: {{ payload.n }} {{ event.x }}.", "acme/site: 42 ."),
        ("{{ payload.yes }} {{ payload.null }} {{ payload.items }}", 'true  ["a","b"]'),
        ("{% for c in payload.commits %}- {{ c.id }}\n{% endfor %}", "- c1\n- c2\n"),
        ("{% for c in payload.x %}a{% else %}none{% endfor %}", "none"),
        ("{% for c in payload.commits if c.id == 'c2' %}{{ c.message }}{% endfor %}", "[skip ci]"),
        (
            "{% for a in payload.items %}{% for a in [a, 1] %}{{ a }}{% endfor %}{{ a }};{% endfor %}",
            "a1a;b1b;",
        ),
        ("{% if event.x %}a{% elif payload.n > 1 %}b{% else %}c{% endif %}", "b"),
        ("{% if event.x %}a{% endif %}", ""),
        ("a{# not seen #}b", "ab"),
        ("a\n{%- if true %} b {% endif -%}\nc\n", "a b c\n"),
        ("{{ '{{' }} <b> & {{ '<i>' }}", "{{ <b> & <i>"),
        ("", ""),
    ],
)
def test_a_text_gives(template: str, wanted: str) -> None:
    assert text(template) == wanted


def test_a_mistake_in_a_text_is_at_its_place() -> None:
    with pytest.raises(BadExpression) as refused:
        compile_text("first\n  {{ event.repo }} {{ evnt.repo }}", use="transform")
    assert (refused.value.line, refused.value.column) == (2, 23)
    assert refused.value.hint == "did you mean `event`?"


def test_a_text_without_expressions_is_constant() -> None:
    assert compile_text("Bearer abc").constant == "Bearer abc"
    assert compile_text("  padded ").constant == "padded"
    assert compile_text("{{ event.repo }}").constant is None
    assert compile_text("").constant == ""


def test_one_expression_alone_keeps_its_type() -> None:
    single = compile_text("{{ payload.items }}", use="transform")
    assert single.value(scope(), Budget()) == ["a", "b"]
    assert single.render(scope(), Budget()) == '["a","b"]'
    assert compile_text("{{ payload.x }}", use="transform").value(scope(), Budget()) is MISSING
    assert compile_text(" {{ payload.n }}", use="transform").value(scope(), Budget()) == " 42"


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\0b", "\x7f", "\x85", "\u20ac", "\U0001f600"])
def test_a_header_that_would_be_two_lines_or_unwritable_fails(value: str) -> None:
    template = compile_text("x{{ payload.v }}")
    with pytest.raises(ExpressionFailed) as failed:
        template.render(scope({"v": value}), Budget())
    assert "header" in str(failed.value)
    with pytest.raises(BadExpression):
        compile_text(f"x{value}y")


def test_a_header_may_hold_latin_1() -> None:
    template = compile_text("{{ payload.s }} ")
    assert template.render(scope(), Budget()) == "Grüße"
    assert template.fields_used == frozenset()


@pytest.mark.parametrize("template", ["{% if true %}{% endif %}", "{% for a in [] %}{% endfor %}"])
def test_a_header_has_no_statements(template: str) -> None:
    with pytest.raises(BadExpression, match="for `transform` only"):
        compile_text(template)


def test_a_transform_keeps_types_and_leaves_out_what_is_missing() -> None:
    transform = compile_transform(
        {
            "text": "{{ event.repo }}: {{ payload.n }}",
            "number": "{{ payload.n }}",
            "list": ["{{ payload.x }}", "{{ payload.items }}", 3, None],
            "null": "{{ payload.null }}",
            "gone": "{{ payload.x }}",
            "empty": "<{{ payload.x }}>",
            "plain": "as it is",
            "nested": {"gone": "{{ payload.x }}"},
        }
    )
    assert transform.render(scope(), Budget()) == {
        "text": "acme/site: 42",
        "number": 42,
        "list": [["a", "b"], 3, None],
        "null": None,
        "empty": "<>",
        "plain": "as it is",
        "nested": {},
    }
    assert transform.fields_used == {"repo"}


def test_a_transform_that_is_one_missing_value_is_null() -> None:
    assert compile_transform("{{ payload.x }}").render(scope(), Budget()) is None
    assert compile_transform("{{ payload.n }}").render(scope(), Budget()) == 42
    assert compile_transform(7).render(scope(), Budget()) == 7


def test_every_mistake_of_a_transform_is_told_with_its_path() -> None:
    with pytest.raises(BadExpression) as refused:
        compile_transform({"a": ["ok", "{{ evnt }}"], "b": {"c": "{{ 1 ** 2 }}"}, 3: "x", "d": {1}})
    first = refused.value
    assert [(error.path, error.message) for error in (first, *first.more)] == [
        (("a", 1), "`evnt` is not a name known here"),
        (("b", "c"), "`**` is not allowed"),
        (("3",), "a key must be text"),
        (("d",), "a value that JSON does not have"),
    ]


def test_a_transform_nested_without_end_is_refused() -> None:
    value: object = "x"
    for _ in range(200):
        value = [value]
    with pytest.raises(BadExpression, match="nested too deep"):
        compile_transform(value)
