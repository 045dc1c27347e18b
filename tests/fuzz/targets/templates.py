"""Texts with expressions in them: what a target's headers and transforms give, or why they do not."""

import json
import math

import orjson
from hypothesis import strategies as st

from gateway.errors import ExpressionFailed
from gateway.routing.budget import OUTPUT
from gateway.routing.constants import Binder, bind_text_constants
from gateway.routing.expressions import BadExpression, Budget, Scope
from gateway.routing.templates import compile_text
from gateway.routing.transform import compile_transform
from tests.fuzz.target import Target, Violation, promise
from tests.fuzz.targets.expressions import (
    ENVIRON,
    WORDS,
    judged,
    placed,
    scope,
    take_apart,
    write,
)
from tests.routing.grammar import expressions, json_values


def run_templates(data: bytes) -> None:
    """A text with `{{ … }}`, and behind a line `---` the payload. It is a header, a transform's
    text, and a transform in a mapping."""
    text, payload = take_apart(data)
    where = scope(payload)
    try:
        bound, constants = bind_text_constants(text, ENVIRON)
    except BadExpression as refused:
        placed(refused, text)
        return
    for use in ("header", "transform"):
        try:
            template = compile_text(bound, use=use, constants=constants, source=text)
        except BadExpression as refused:
            placed(refused, text)
            continue
        budget = Budget()
        found = judged(lambda t=template, b=budget: t.render(where, b), budget)
        again = Budget()
        promise(found == judged(lambda t=template, b=again: t.render(where, b), again), "twice")
        if use == "header" and budget.steps >= 0:
            promise(not set(str(found)) & {"\r", "\n", "\0"}, "a header of two lines")
        if template.constant is not None:
            promise(found == template.constant, "a constant that changes")
    _transform({"one": text, "list": [text, 1, None], text[:20]: {"a": text}}, where)
    _transform(text, where)
    if len(text) < 40:
        deep: object = text
        for _ in range(40):
            deep = [deep]
        for odd in ({1: text}, {"a": object()}, deep):
            try:
                compile_transform(odd)
            except BadExpression as refused:
                promise(refused.path, "a mistake without a path")
            else:
                raise Violation("taken, though no JSON has it")


def _transform(value: object, where: Scope) -> None:
    binder = Binder(ENVIRON)
    try:
        transform = compile_transform(binder.value(value), constants=binder.constants)
    except BadExpression as refused:
        for one in (refused, *refused.more):
            promise(one.path or isinstance(value, str), "a mistake without a path")
        return
    budget = Budget()
    try:
        found = transform.render(where, budget)
    except ExpressionFailed as failed:
        promise("could not be evaluated" not in str(failed), "the last fence was needed")
        return
    written = orjson.dumps(found)
    promise(len(written) < 8 * OUTPUT, "a transform without bounds")
    promise(json.loads(written) == found or not math.isfinite(0.0), "not JSON")


_AROUND = (
    "{{ %s }}",
    "x %s",
    "{%% if %s %%}a{%% else %%}b{%% endif %%}",
    "{%% for v in %s %%}{{ v }},{%% else %%}none{%% endfor %%}",
    "{%% for v in payload.a if %s %%}{{ v.b }}{%% endfor %%}",
    "{{- %s -}}",
    "{# %s #}",
    "{%% if a %%}{%% elif %s %%}c{%% endif %%}",
    "${SET} {{ ${N} ~ %s }}",
)


@st.composite
def _texts(draw: st.DrawFn) -> str:
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        parts.append(draw(st.sampled_from(_AROUND)) % draw(expressions))
    return draw(st.sampled_from(["", " ", "\n"])).join(parts)


TARGET = Target(
    name="templates",
    promise="a text with expressions gives a text or fails; a header is one line; a transform is JSON",
    run=run_templates,
    cases=st.builds(write, _texts(), json_values),
    words=WORDS,
)
