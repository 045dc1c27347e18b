"""What expressions mean: DESIGN's sentences, one row each."""

import pytest

from gateway.errors import ExpressionFailed
from gateway.model.request import Headers
from gateway.routing.expressions import (
    MISSING,
    BadExpression,
    Budget,
    HeaderValues,
    compile_expression,
)
from tests.routing.scopes import scope, value


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("event.branch == 'main' and payload.repository.full_name.startswith('acme/')", True),
        ("payload['repository']['full_name']", "acme/site"),
        ("payload.repository['full_name']", "acme/site"),
        ("payload.items", ["a", "b"]),
        ("payload.items[0]", "a"),
        ("payload.items.1", "b"),
        ("payload.items[-1]", "b"),
        ("payload[event.branch]", MISSING),
        ("payload['re' ~ 'pository'].private", False),
        ("payload.commits[payload.zero].id", "c1"),
        ("headers['X-GitHub-Event']", "push"),
        ("headers.x_github_event", "push"),
        ("headers['x-github-' ~ 'event']", "push"),
        ("headers['x-other']", MISSING),
        ("source ~ ':' ~ type ~ ':' ~ id", "github:vcs.push:evt_1"),
        # text
        ("payload.text.strip()", "main"),
        ("payload.text | trim", "main"),
        ("payload.s.lower()", "grüße"),
        ("payload.s | upper", "GRÜSSE"),
        ("event.repo.split('/')", ["acme", "site"]),
        ("event.repo.split('/') | first", "acme"),
        ("event.repo.split('/') | last", "site"),
        ("payload.text.split()", ["main"]),
        ("event.repo.endswith('/site')", True),
        ("event.repo.startswith(event.branch)", False),
        ("'a' 'b'", "ab"),
        # filters
        ("payload.commits | length", 2),
        ("payload.s | length", 5),
        ("payload.digits | int + 1", 18),
        ("payload.f | int", 1),
        ("payload.yes | int", 1),
        ("' -17 ' | int", -17),
        ("'x' | int(0)", 0),
        ("'1.5e1' | float", 15.0),
        ("payload.n | string", "42"),
        ("payload.yes | string", "true"),
        ("payload.f | string", "1.5"),
        ("payload.null | string", ""),
        ("payload.repository | string", '{"full_name":"acme/site","private":false}'),
        ("payload.s | tojson", '"Grüße"'),
        ("payload.null | tojson", "null"),
        ("payload.items | join(', ')", "a, b"),
        ("payload.items | join", "ab"),
        ("[payload.n, payload.null, payload.yes] | join('-')", "42--true"),
        ("payload.null | default('x')", "x"),
        ("payload.empty | default('x')", ""),
        ("payload.empty | default('x', true)", "x"),
        ("payload.items | first", "a"),
        ("[] | first", MISSING),
        ("'' | last", MISSING),
        # numbers
        ("payload.n + 1", 43),
        ("payload.n - 1.5", 40.5),
        ("payload.n * 2", 84),
        ("payload.n / 4", 10.5),
        ("payload.n // 4", 10),
        ("-payload.n", -42),
        ("- 3 + + 4", 1),
        ("1 < payload.n < 43", True),
        ("1 < payload.n < 3", False),
        ("payload.n >= 42.0", True),
        ("payload.n == 42.0", True),
        ("18446744073709551615 + 1", 18446744073709551616),
        # truth values are no numbers, null is no text
        ("payload.yes == 1", False),
        ("payload.no == 0", False),
        ("payload.yes == true", True),
        ("payload.null == none", True),
        ("payload.null == ''", False),
        ("payload.n == '42'", False),
        ("payload.null > 3", False),
        ("'a' < 'b'", True),
        # in
        ("'skip ci' in payload.commits[1].message", True),
        ("'b' in payload.items", True),
        ("event.branch in ('main', 'master')", True),
        ("event.branch not in ['main']", False),
        ("event.branch is in ['main']", True),
        ("event.branch is not in ['main']", False),
        ("'private' in payload.repository", True),
        ("1 in [true]", False),
        ("{'id': 'c1', 'message': 'Mend the gate'} in payload.commits", True),
        ("none in [1, none]", True),
        # choices
        ("'a' if payload.n > 3 else 'b'", "a"),
        ("'a' if payload.zero", MISSING),
        ("event.nothing or 'x'", "x"),
        ("event.branch and payload.n", 42),
        ("not payload.empty", True),
        ("{'main': 'production'}[event.branch] | default('test')", "production"),
        ("[1, [2, payload.missing]]", [1, [2, None]]),
        ("{'a': payload.n, 'b': payload.missing}", {"a": 42}),
        ("payload.null is none", True),
        ("payload.null is defined", True),
        ("payload.missing is none", False),
        ("1 + 2 * 3 == 7 and not 2 > 3 or false", True),
        ("'${' ~ '}'", "${}"),
    ],
)
def test_an_expression_gives(text: str, wanted: object) -> None:
    found = value(text)
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("payload.x", MISSING),
        ("payload.x.y['z'][3]", MISSING),
        ("payload.x.startswith('a')", MISSING),
        ("payload.x.y.split('/')[0].lower()", MISSING),
        ("payload.n.x", MISSING),
        ("payload.s.x", MISSING),
        ("payload.s.upper", MISSING),
        ("payload.s[0]", MISSING),
        ("payload.items[99]", MISSING),
        ("payload.items['a']", MISSING),
        ("payload.repository.lower()", MISSING),
        ("payload.null.x", MISSING),
        ("payload.null.startswith('x')", MISSING),
        ("'main'.startswith(payload.x)", MISSING),
        ("payload.x == payload.x", False),
        ("payload.x == none", False),
        ("payload.x != 'a'", True),
        ("payload.x != payload.x", True),
        ("payload.x == 'a'", False),
        ("payload.x < 3", False),
        ("payload.x >= 3", False),
        ("3 > payload.x", False),
        ("payload.x < 'a'", False),
        ("payload.x <= payload.x", False),
        ("not payload.x", True),
        ("payload.x is defined", False),
        ("payload.x is not defined", True),
        ("payload.x in ['a']", False),
        ("payload.x in 'abc'", False),
        ("payload.x in payload.repository", False),
        ("'a' in payload.x", False),
        ("'a' not in payload.x", True),
        ("none in 'abc'", False),
        ("payload.x + 1", MISSING),
        ("1 - payload.x", MISSING),
        ("-payload.x", MISSING),
        ("payload.x * payload.s", MISSING),
        ("payload.x | length", MISSING),
        ("payload.x | lower | trim | first", MISSING),
        ("payload.x | int", MISSING),
        ("payload.x | int(7)", 7),
        ("payload.x | join(',')", MISSING),
        ("payload.x | default('d')", "d"),
        ("payload.x | default", ""),
        ("payload.x | string", ""),
        ("payload.x | tojson", "null"),
        ("payload.x ~ 'a' ~ payload.null", "a"),
        ("payload.x[payload.y]", MISSING),
        ("payload[payload.x]", MISSING),
        ("payload.x if true else 1", MISSING),
        ("payload.x or payload.y", MISSING),
    ],
)
def test_nothing_raises_for_an_absent_field(text: str, wanted: object) -> None:
    found = value(text)
    assert found is wanted if wanted is MISSING else found == wanted


@pytest.mark.parametrize("payload", [None, [], 3, "text", True, 1.5])
def test_a_body_of_any_shape_has_absent_fields(payload: object) -> None:
    assert value("payload.repository.full_name.startswith('acme/')", payload) is MISSING


@pytest.mark.parametrize(
    "text",
    [
        "payload.n.startswith('4')",
        "payload.s.startswith(4)",
        "payload.s.startswith(payload.n)",
        "payload.n | lower",
        "payload.n | length",
        "payload.n | first",
        "payload.n | join(',')",
        "payload.n < 'a'",
        "payload.yes < 2",
        "payload.items < 3",
        "payload.n in payload.s",
        "'a' in payload.n",
        "payload.s + payload.s",
        "payload.yes + 1",
        "payload.items * payload.n",
        "'x' | int",
        "'1e999' | float",
        "payload.n / payload.zero",
        "payload.n // 0",
        "payload.s.split('')",
    ],
)
def test_a_wrong_type_fails(text: str) -> None:
    with pytest.raises(ExpressionFailed) as failure:
        value(text)
    assert "Grüße" not in str(failure.value)


def test_a_key_called_like_a_method_is_the_key() -> None:
    payload = {"items": 1, "lower": "x", "get": 2, "__class__": 3, "keys": 4}
    assert value("payload.items", payload) == 1
    assert value("payload.get", payload) == 2
    assert value("payload['__class__']", payload) == 3
    with pytest.raises(ExpressionFailed):
        value("payload.lower()", payload)


@pytest.mark.parametrize(
    ("text", "message", "hint", "column"),
    [
        ("evnt.ref == 'x'", "`evnt` is not a name", "did you mean `event`?", 1),
        ("event.brnch", "has a field `brnch`", "did you mean `branch`?", 6),
        ("true and event['brnch']", "has a field `brnch`", "did you mean `branch`?", 15),
        ("event.branch | lowr", "no filter `lowr`", "did you mean `lower`?", 16),
        ("event.branch.startwith('a')", "no method `startwith`", "`startswith`?", 13),
        ("event.branch is define", "no test `define`", "`defined`?", 14),
        ("event.branch && true", "cannot be read", "write `and`", 14),
        ("event.branch || true", "cannot be read", "write `or`", 15),
        ("!event.branch", "cannot be read", "write `not`", 1),
        ("event.branch = 'main'", "ends before this", "`==`", 14),
        ("event.branch == 'main", "cannot be read", "", 17),
        ("headers | tojson", "needs a name", "headers['x-name']", 1),
        ("event.branch\n  == evnt", "`evnt`", "`event`?", 6),
        ("", "cannot be read", "", 1),
    ],
)
def test_a_mistake_is_named_with_its_place_and_a_hint(
    text: str, message: str, hint: str, column: int
) -> None:
    with pytest.raises(BadExpression) as refused:
        compile_expression(text, fields=frozenset({"branch", "repo"}))
    assert message in refused.value.message
    assert hint in refused.value.hint
    assert refused.value.column == column
    assert refused.value.line == text.count("\n") + 1


def test_fields_used_are_those_of_the_event() -> None:
    expression = compile_expression("event.branch == payload.x and event['repo'] and type")
    assert expression.fields_used == {"branch", "repo"}
    assert expression.source == "event.branch == payload.x and event['repo'] and type"


def test_unknown_fields_are_let_be_where_the_families_are_not_known() -> None:
    assert compile_expression("event.anything").fields_used == {"anything"}


def test_names_can_be_narrowed() -> None:
    with pytest.raises(BadExpression):
        compile_expression("payload.x", names=frozenset({"event"}))


def test_a_doubled_or_unprintable_header_is_not_there() -> None:
    headers = HeaderValues(
        Headers(((b"X-One", b"1"), (b"X-Two", b"a"), (b"x-two", b"b"), (b"X-Odd", b"\xff")))
    )
    assert dict(headers) == {"x-one": "1"}
    assert len(headers) == 1
    assert headers.get("x-two") is None
    assert headers.get("x-\u20ac") is None


def test_test_gives_a_truth_value() -> None:
    assert compile_expression("payload.items").test(scope(), Budget()) is True
    assert compile_expression("payload.x").test(scope(), Budget()) is False
