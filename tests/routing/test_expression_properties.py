"""Any expression of the allowed grammar over any JSON: a value or ExpressionFailed, nothing else."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import ExpressionFailed
from gateway.routing.budget import OUTPUT, STEPS
from gateway.routing.expressions import (
    MISSING,
    BadExpression,
    Budget,
    Missing,
    compile_expression,
)
from gateway.routing.templates import compile_text
from gateway.routing.transform import compile_transform
from gateway.routing.words import FILTERS, METHODS
from tests.routing.grammar import expressions, json_values
from tests.routing.scopes import scope


def unforeseen(failed: ExpressionFailed) -> None:
    """The fence behind `values` must not have been needed."""
    assert "could not be evaluated" not in str(failed)


@settings(max_examples=600, deadline=None)
@given(expressions, json_values)
def test_an_allowed_expression_gives_a_value_or_fails(text: str, payload: object) -> None:
    try:
        expression = compile_expression(text)
    except BadExpression:
        return  # sums of texts, odd keys: refused, as they should be
    budget = Budget()
    try:
        # Without the fence of `evaluate`: what is below it must not need one.
        found = expression._run(scope(payload, event={"a": payload}), budget)
    except ExpressionFailed:
        found = None
    assert isinstance(found, str | int | float | list | dict | None | Missing)
    assert budget.steps <= STEPS
    assert budget.output <= OUTPUT


@settings(max_examples=300, deadline=None)
@given(expressions, json_values, st.integers(0, 60))
def test_any_budget_ends_an_expression(text: str, payload: object, steps: int) -> None:
    try:
        expression = compile_expression(text)
    except BadExpression:
        return
    try:
        expression.test(scope(payload), Budget(steps=steps, output=steps))
    except ExpressionFailed as failed:
        unforeseen(failed)


@settings(max_examples=300, deadline=None)
@given(expressions, json_values)
def test_a_transform_gives_json_or_fails(text: str, payload: object) -> None:
    try:
        transform = compile_transform(
            {"one": "{{ " + text + " }}", "text": ["<{{ " + text + " }}>"]}
        )
    except BadExpression:
        return
    try:
        found = transform.render(scope(payload), Budget())
    except ExpressionFailed as failed:
        unforeseen(failed)
    else:
        orjson.dumps(found)


@settings(max_examples=300, deadline=None)
@given(expressions, json_values)
def test_a_header_is_one_printable_line_or_fails(text: str, payload: object) -> None:
    try:
        template = compile_text("x {{ " + text + " }}")
    except BadExpression:
        return
    try:
        value = template.render(scope(payload), Budget())
    except ExpressionFailed:
        return
    assert value.isprintable() or "\xa0" in value or "\xad" in value
    assert not set(value) & set("\r\n\0")
    value.encode("latin-1")


@pytest.mark.filterwarnings("ignore:invalid escape sequence")  # as Python itself reads '\~'
@settings(max_examples=500, deadline=None)
@given(st.text(alphabet=st.sampled_from("pe.()[]{}|~'\"\\,:=<>!+-*/% \n019ax_$#&"), max_size=40))
def test_any_text_compiles_or_is_refused_with_a_place(text: str) -> None:
    for compile_ in (compile_expression, compile_text):
        try:
            compile_(text)
        except BadExpression as refused:
            offset = refused.offset
        else:
            offset = 0
        assert 0 <= offset <= len(text)


@given(json_values)
def test_equality_is_reflexive_but_for_missing_and_nan(payload: object) -> None:
    where = scope({"a": payload, "b": payload})
    found = compile_expression("payload.a == payload.b").evaluate(where, Budget())
    assert found is ("nan" not in repr(payload))


@given(json_values, json_values)
def test_what_is_not_equal_is_unequal(left: object, right: object) -> None:
    where = scope({"a": left, "b": right})
    equal = compile_expression("payload.a == payload.b").evaluate(where, Budget())
    unequal = compile_expression("payload.a != payload.b").evaluate(where, Budget())
    assert equal is not unequal


def test_missing_is_one_value() -> None:
    assert not MISSING
    assert repr(MISSING) == "missing"
    assert set(METHODS) == {"startswith", "endswith", "lower", "upper", "strip", "split"}
    assert set(FILTERS) == {
        "lower",
        "upper",
        "length",
        "default",
        "first",
        "last",
        "trim",
        "int",
        "float",
        "string",
        "tojson",
        "join",
    }
