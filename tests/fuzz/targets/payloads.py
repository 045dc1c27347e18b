"""Bodies: what is read is what every other reader reads, and what cannot be read stays as it came."""

import json
from math import isfinite

import orjson
from hypothesis import strategies as st

from gateway.providers import payload as payloads
from gateway.providers.payload import DOUBLED, EMPTY, FORM, NOT_JSON, NOT_UTF8, REASONS
from gateway.providers.pointers import at, steps
from tests.fuzz import message, mutating, shapes
from tests.fuzz.target import Target, promise


def run(data: bytes) -> None:
    """First line: `form` or `json`, and the field of a form that carries JSON."""
    sent = message.parse(data)
    words = [*sent.words, "", ""]
    form = words[0] == "form"
    content_type = FORM if form else "application/json"
    read = payloads.read(sent.body, content_type, words[1])
    again = payloads.read(sent.body, content_type, words[1])
    promise(
        (read.raw, read.unparsed, read.flags) == (again.raw, again.unparsed, again.flags), "twice"
    )
    if read.unparsed:
        promise(read.unparsed in REASONS, f"no reason of ours: {read.unparsed}")
        promise(read.value is None and read.raw is None, "unparsed, and yet a value")
        _rightly_unparsed(sent.body, read.unparsed, form=form)
        return
    promise(read.raw is not None, "a value without its bytes")
    _one_truth(read.raw)
    theirs = orjson.loads(read.raw)
    # NaN is never there; orjson reads 1e999 as nothing else does.
    promise(
        orjson.dumps(theirs) == orjson.dumps(read.value), "value and bytes say different things"
    )
    promise(set(read.flags) <= {DOUBLED}, f"unknown flags: {read.flags}")
    if not form:
        kept = read.raw is sent.body or DOUBLED in read.flags
        promise(kept, "a body without doubled keys is passed on changed")
        if DOUBLED in read.flags:
            promise(not _plainly_single(sent.body), "a body without doubled keys is flagged")
    for pointer in ("", "/a", "/0", "/a/0/b", "/~1~0", "/٣"):
        at(read.value, pointer)
        promise(isinstance(steps(pointer), list), "steps")


def _one_truth(raw: bytes) -> None:
    """No two readers can read two things: no key twice, no bytes that are not UTF-8."""
    raw.decode("utf-8")
    doubled: list[str] = []

    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        names = [name for name, _ in items]
        doubled.extend(name for name in set(names) if names.count(name) > 1)
        return dict(items)

    try:
        json.loads(raw, object_pairs_hook=pairs, parse_constant=_no_constant)
    except RecursionError:
        return
    except ValueError as error:
        promise("4300" in str(error), f"not JSON to the standard library: {error}")
        return
    promise(not doubled, f"passed on with doubled keys: {doubled[:3]}")


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _plainly_single(body: bytes) -> bool:
    found = True

    def pairs(items: list[tuple[str, object]]) -> None:
        nonlocal found
        found = found and len({name for name, _ in items}) == len(items)

    try:
        json.loads(body, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return False
    return found


def _rightly_unparsed(body: bytes, reason: str, *, form: bool) -> None:
    promise((reason == EMPTY) == (not body), "empty, or not?")
    if form or not body:
        return
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        promise(reason == NOT_UTF8, "not UTF-8, and another reason is given")
        return
    promise(reason == NOT_JSON, "UTF-8, and called otherwise")
    try:
        # Pairs, for of two members of one name either may be what cannot be read.
        value = json.loads(text, parse_constant=_no_constant, object_pairs_hook=list)
        text.encode("utf-8")
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        return
    # What orjson leaves to others: deep nesting (it writes 254 levels), floats beyond all bounds.
    promise(_deep(text) or _infinite(value), "the standard library reads it")


def _deep(text: str) -> bool:
    depth = most = 0
    for sign in text:
        depth += (sign in "[{") - (sign in "]}")
        most = max(most, depth)
    return most > 200


def _infinite(value: object) -> bool:
    """value: of a parse that makes pairs of an object's members."""
    if isinstance(value, float):
        return not isfinite(value)
    return isinstance(value, (list, tuple)) and any(_infinite(one) for one in value)


_KEYS = st.sampled_from(["a", "a:b", "", '"', "\\", "é", "k\\", ":", "payload"])
_FORMS = st.lists(
    st.tuples(st.sampled_from(["a", "payload", "b", "%00", "", "a"]),
              st.sampled_from(["1", "{}", "%7B%22a%22%3A1%7D", "%ff", "", "+", "é", "[1]", "%"])),
    max_size=5,
)  # fmt: skip


@st.composite
def _texts(draw: st.DrawFn) -> bytes:
    """JSON in odd spellings: blanks, escapes, doubled keys."""
    text = json.dumps(draw(shapes.values(_KEYS)), ensure_ascii=draw(st.booleans()))
    for old, new in ((":", " :"), (":", "\\u003a"), ('"a"', '"\\u0061"'), ("{", '{"a":0,'), (",", "\n,"),
                     ('{"', '{"a:b":":",  "')):  # fmt: skip
        if draw(st.booleans()):
            text = text.replace(old, new, draw(st.integers(1, 3)))
    return text.encode("utf-8", "replace")


TARGET = Target(
    name="payloads",
    promise="a body is read as every reader reads it, or passed on as bytes with a reason",
    run=run,
    cases=st.builds(
        lambda first, body: first + b"\n\n" + body,
        st.just(b"json"),
        _texts() | shapes.values(_KEYS).map(shapes.dump) | st.binary(max_size=40),
    )
    | st.builds(
        lambda first, form: first + b"\n\n" + "&".join(f"{k}={v}" for k, v in form).encode(),
        st.sampled_from([b"form", b"form payload"]),
        _FORMS,
    ),
    mutate=mutating.json_behind_a_head,
    words=("json\n\n", "form\n\n", "form payload\n\npayload=", '":', "\\u003a", "\\u0061", "\\ud800",
           "\\\\", "1e999", "NaN", "\xc3\xa9", "%7B%22", "&a=", '{"a":'),
)  # fmt: skip
