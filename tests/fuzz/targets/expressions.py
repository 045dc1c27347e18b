"""Expressions: a value or a failure with a reason, within their budget; a mistake has a place."""

import orjson
from hypothesis import strategies as st

from gateway.errors import ExpressionFailed
from gateway.model.request import Headers
from gateway.routing.budget import OUTPUT, STEPS
from gateway.routing.constants import bind_constants
from gateway.routing.expressions import (
    BadExpression,
    Budget,
    HeaderValues,
    Missing,
    Scope,
    compile_expression,
)
from gateway.routing.match import Route, RouteIndex, match
from tests.fuzz.target import Target, promise
from tests.routing.grammar import expressions, json_values

ENVIRON = {"SET": "constant-{{ x }}'\"", "EMPTY": "", "ODD": "\udcff", "N": "12"}
HEADERS = Headers(
    ((b"X-GitHub-Event", b"push"), (b"X-Doubled", b"1"), (b"x-doubled", b"2"), (b"X-Odd", b"\xff"))
)
_CUT = b"\n---\n"
PAYLOAD: dict[str, object] = {
    "a": {"b": {"c": 1}}, "d": 1, "n": 7, "m": 9, "k": "a", "i": 0, "big": 2**60, "large": 1e308,
    "float": 1.5, "list": ["a", 1, None, {"x": 1}], "list2": ["a", 1, None, {"x": 1}], "empty": "",
    "text": "  a,b,x", "other": "  a", "map": {"a": 1}, "map2": {"a": 1}, "map3": {"b": 1},
    "none": None, "digits": " 17 ", "yes": True, "no": False, "name": "X-GitHub-Event",
    "long": "x" * 600, "long2": "x" * 599 + "y", "longer": "x" * 2600, "uni": "ß" * 40,
    "deep": [[[[1]]]], "deep2": [[[[2]]]], "branch": "main", "many": list(range(3000)),
    "wide": "ab" * 20_000, "part": "b" * 50, "short": "ab" * 100, "middle": "ab" * 2000,
}  # fmt: skip
"""What an input without a payload of its own is asked of: a value of each kind and size."""
FIELDS = frozenset({"branch", "repo", "amount", "a"})


def take_apart(data: bytes) -> tuple[str, object]:
    """The text of an input and the payload behind `---`."""
    head, _, rest = data.partition(_CUT)
    try:
        payload: object = orjson.loads(rest)
    except orjson.JSONDecodeError:
        payload = PAYLOAD
    return head.decode("utf-8", "replace"), payload


def scope(payload: object) -> Scope:
    """What an expression sees; the payload's own mapping is the event too."""
    event = payload if isinstance(payload, dict) else {"branch": "main", "amount": 1200}
    return Scope(event, payload, HeaderValues(HEADERS), "github", "vcs.push", "evt_1")


def placed(refused: BadExpression, text: str) -> None:
    """A mistake has a place in the text, and is said in one readable line."""
    for one in (refused, *refused.more):
        promise(0 <= one.offset <= len(text), f"no place in the text: {one.offset}")
        promise(one.line >= 1 and one.column >= 1, "no line or column")
        promise(one.message and "\n" not in one.message, f"not one line: {one.message!r}")
        promise(len(one.message) < 400 and len(one.hint) < 600, "a message without bounds")


def judged(act, budget: Budget) -> object:
    """A value, or the failure's text. Nothing else is raised, and the fence was not needed."""
    try:
        found = act()
    except ExpressionFailed as failed:
        said = str(failed)
        promise(said and said.isprintable() and len(said) < 200, f"an odd reason: {said!r}")
        promise(
            "could not be evaluated" not in said, f"the last fence was needed: {failed.__cause__!r}"
        )
        return said
    promise(0 <= budget.steps <= STEPS and 0 <= budget.output <= OUTPUT, "over its budget")
    return found


def run(data: bytes) -> None:
    """An expression, and behind a line `---` the payload it is asked of."""
    text, payload = take_apart(data)
    try:
        bound, constants = bind_constants(text, ENVIRON)
    except BadExpression as refused:
        placed(refused, text)
        return
    promise(len(bound) == len(text), "binding moved places")
    try:
        compiled = compile_expression(bound, constants=constants, source=text)
    except BadExpression as refused:
        placed(refused, text)
        return
    _fields(bound, constants)
    budget, again = Budget(), Budget()
    where = scope(payload)
    found = judged(lambda: compiled.evaluate(where, budget), budget)
    promise(isinstance(found, str | int | float | list | dict | None | Missing), "no JSON value")
    repeated = judged(lambda: compiled.evaluate(where, again), again)
    promise(_same(found, repeated) and budget.steps == again.steps, "two values of one expression")
    if isinstance(found, str):
        promise(len(found) <= OUTPUT + len(data) + 1000, "a text without bounds")
    judged(lambda: compiled.evaluate(where, Budget(steps=0)), Budget())
    for steps in (0, 1, 7, STEPS - max(budget.steps, 0) - 1):
        small = Budget(steps=max(steps, 0), output=64)
        judged(lambda small=small: compiled.test(where, small), small)
    _routed(compiled, where, found, budget)


def _fields(text: str, constants) -> None:
    """With the fields known, an unknown one is a mistake; nothing else changes."""
    try:
        narrow = compile_expression(text, constants=constants, fields=FIELDS)
    except BadExpression as refused:
        placed(refused, text)
    else:
        promise(narrow.fields_used <= FIELDS, "a field that no such event has")


def _same(one: object, other: object) -> bool:
    return one is other or repr(one) == repr(other)


def _routed(when, where: Scope, found: object, budget: Budget) -> None:
    """A condition that fails holds; one that is true matches; a false one does not."""
    route = Route("r", None, ("*",), when, ("t",))
    matches = match(RouteIndex([route]), where, verified=True, budget=Budget())
    failed = isinstance(found, str) and budget.steps < 0
    promise(len(matches) <= 1, "a route twice")
    if matches and matches[0].held:
        promise(isinstance(found, str), "held, though it has a value")
    elif not failed and not isinstance(found, str):
        promise(bool(matches) == bool(found), "matched by another value")


def write(text: str, payload: object) -> bytes:
    """An input of such a text and its payload."""
    try:
        tail = orjson.dumps(payload, option=orjson.OPT_NON_STR_KEYS)
    except (orjson.JSONEncodeError, TypeError):
        tail = b"{}"
    return text.encode("utf-8", "replace") + _CUT + tail


WORDS = (
    "event.", "payload.", "headers.", "headers['", "source", "type", "id", " == ", " != ", " in ",
    " not in ", " and ", " or ", "not ", " if ", " else ", ".startswith('", ".endswith('", ".split(",
    ".lower()", ".upper()", ".strip()", " | length", " | default(", " | first", " | last", " | int",
    " | float", " | tojson", " | join(", " | string", " | trim", " is defined", " is none", " ~ ", "//",
    "**", "%", "[0]", "[-1]", "${SET}", "${UNSET:-x}", "$${", "{{ ", " }}", "{% for x in ", " %}",
    "{% endfor %}", "{% if ", "{% else %}", "{% endif %}", "{# ", "\n---\n", '{"a":', "1e308", "0.1",
)  # fmt: skip

TARGET = Target(
    name="expressions",
    promise="an expression gives a value or fails with a reason, within its budget, twice alike",
    run=run,
    cases=st.builds(write, expressions, json_values),
    words=WORDS,
)
