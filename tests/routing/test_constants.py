"""`${NAME}` is a value wherever it stands, never text that is parsed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.routing.constants import Binder, bind_constants, bind_text_constants
from gateway.routing.expressions import BadExpression, Budget, compile_expression
from gateway.routing.templates import compile_text
from gateway.routing.transform import compile_transform
from tests.routing.scopes import scope

HOSTILE = "' or true or '{{ payload }}${HOME}{% raw %}\\"


def given_value(text: str, environ: dict[str, str]) -> object:
    bound, constants = bind_constants(text, environ)
    return compile_expression(bound, constants=constants, source=text).evaluate(scope(), Budget())


def given_text(text: str, environ: dict[str, str]) -> str:
    bound, constants = bind_text_constants(text, environ)
    return compile_text(bound, use="transform", constants=constants).render(scope(), Budget())


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("${X}", HOSTILE),
        ("'${X}'", HOSTILE),
        ('"<${X}>"', f"<{HOSTILE}>"),
        ("'<' ~ ${X} ~ '${X}'", f"<{HOSTILE}{HOSTILE}"),
        ("'\\'${X}'", f"'{HOSTILE}"),
        ("${NONE:-a b}", "a b"),
        ("'${NONE:-a b}'", "a b"),
        ("'${EMPTY:-d}${EMPTY:-}'", "d"),
        ("'$${X}'", "${X}"),
        ("'$X {X}'", "$X {X}"),
        ("${X} == '${X}'", True),
        ("{'${X}': 1}[${X}]", 1),
        ("['a','b'] | join('${COMMA}')", "a,b"),
        ("'${A:-1}${A:-2}'", "12"),
    ],
)
def test_a_constant_in_an_expression_is_a_value(text: str, wanted: object) -> None:
    environ = {"X": HOSTILE, "EMPTY": "", "COMMA": ","}
    assert given_value(text, environ) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Bearer ${X}", f"Bearer {HOSTILE}"),
        ("${X}{{ ${X} }}{{ '${X}' }}", HOSTILE * 3),
        ("{{ {'a': {'b': ${X}}}.a.b }}${X}", HOSTILE * 2),
        ("{# ${X} #}$${X}", "${X}"),
        ("{% if ${X} %}${X}{% endif %}", HOSTILE),
        ("{{ '}}' ~ ${X} }}", "}}" + HOSTILE),
    ],
)
def test_a_constant_in_a_text_is_a_value(text: str, wanted: str) -> None:
    assert given_text(text, {"X": HOSTILE}) == wanted


@pytest.mark.parametrize("text", ["'${}'", "${1A}", "'${A", "${GONE}", "'${EMPTY}'", "${A:-x"])
def test_a_constant_that_cannot_be_bound_is_refused(text: str) -> None:
    with pytest.raises(BadExpression) as refused:
        bind_constants(text, {"A": "1", "EMPTY": ""})
    assert refused.value.offset == text.index("${")


def test_a_mistake_behind_a_constant_is_at_its_place() -> None:
    written = "'${NAME:-default}' == ${NAME} and evnt.x"
    bound, constants = bind_constants(written, {"NAME": "a much longer value"})
    with pytest.raises(BadExpression) as refused:
        compile_expression(bound, constants=constants)
    assert refused.value.offset == written.index("evnt")


def test_one_binder_serves_a_whole_transform() -> None:
    binder = Binder({"A": "1", "B": "2"})
    bound = binder.value({"a": "${A}", "b": ["{{ ${B} }}", {"c": "{{ ${A} ~ '${B}' }}"}], "n": 3})
    transform = compile_transform(bound, constants=binder.constants)
    assert transform.render(scope(), Budget()) == {"a": "1", "b": ["2", {"c": "12"}], "n": 3}


def test_a_constant_missing_deep_in_a_transform_is_named_by_its_path() -> None:
    with pytest.raises(BadExpression) as refused:
        Binder({}).value({"a": [1, {"b": "${GONE}"}]})
    assert refused.value.path == ("a", 1, "b")


@given(st.text(min_size=1))
def test_any_value_comes_out_as_it_went_in(secret: str) -> None:
    environ = {"S": secret}
    assert given_value("'${S}'", environ) == secret
    assert given_value("${S}", environ) == secret
    assert given_text("${S}", environ) == secret
    assert given_text("{{ '${S}' }}", environ) == secret
