"""Bodies: the received bytes are what a delivery carries, unless two readers could read two truths;
and whatever comes, reading never raises.
"""

import json
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.providers import payload
from gateway.providers.payload import DOUBLED, FORM

JSON = "application/json"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


def is_text(value: object) -> bool:
    """Whether UTF-8 can say it: a lone half of a pair cannot be said."""
    return not any(
        0xD800 <= ord(letter) <= 0xDFFF for letter in json.dumps(value, ensure_ascii=False)
    )


@given(st.binary(max_size=200), st.sampled_from([JSON, FORM, "", "text/plain; charset=x"]))
def test_no_body_raises(body: bytes, content_type: str) -> None:
    for field in ("", "payload"):
        read = payload.read(body, content_type, field)
        assert (read.raw is None) == bool(read.unparsed)
        assert read.unparsed in ("", *payload.REASONS)
        if read.raw is not None:
            json.loads(read.raw)


@given(VALUES.filter(is_text), st.booleans(), st.sampled_from([None, 1]))
def test_what_was_sent_is_carried_byte_for_byte(
    value: object, escaped: bool, indent: int | None
) -> None:
    body = json.dumps(value, ensure_ascii=escaped, indent=indent).encode()
    read = payload.read(body, JSON, "")
    assert (read.value, read.raw, read.flags) == (value, body, ())


PIECES = st.sampled_from(['"', ":", "\\", " ", "a", '\\"', "{", "}", ",", "é", "\n", "\\u003a"])
KEYS = st.lists(PIECES, max_size=4).map("".join)


@given(
    st.lists(st.tuples(KEYS, KEYS), min_size=1, max_size=4),
    st.sampled_from([":", " :", ": "]),
    st.sampled_from([":", "\\u003a", "\\u003A"]),
)
def test_a_doubled_key_is_found_and_only_a_doubled_one(
    pairs: list[tuple[str, str]], colon: str, inside: str
) -> None:
    def written(text: str) -> str:
        return json.dumps(text).replace(":", inside)

    inner = ",".join(written(key) + colon + written(text) for key, text in pairs)
    body = f'{{"x":[{{{inner}}}]}}'.encode()
    read = payload.read(body, JSON, "")
    doubled = len(dict(pairs)) != len(pairs)
    assert read.flags == ((DOUBLED,) if doubled else ())
    assert read.value == {"x": [dict(pairs)]}
    assert read.raw is not None
    assert (read.raw == body) is not doubled
    assert json.loads(read.raw) == read.value


@pytest.mark.parametrize("escape", ["\\u003a", "\\u003A"])
def test_an_escaped_colon_hides_no_doubled_key(escape: str) -> None:
    # The member that is lost has a colon, and the escape lends one back.
    body = f'{{"a":1, "a":"{escape}"}}'.encode()
    assert payload.read(body, JSON, "").flags == (DOUBLED,)
    alone = f'{{"a":1, "b":"{escape}"}}'.encode()
    assert payload.read(alone, JSON, "").flags == ()


def test_one_key_written_in_two_ways_is_doubled() -> None:
    read = payload.read(rb'{"admin":false,"\u0061dmin":true}', JSON, "")
    assert (read.flags, read.raw) == ((DOUBLED,), b'{"admin":true}')


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", payload.EMPTY),
        (b"{", payload.NOT_JSON),
        (b"{} {}", payload.NOT_JSON),
        (b"NaN", payload.NOT_JSON),
        (b"[" * 100_000, payload.NOT_JSON),
        (b"[" * 300 + b"]" * 300, payload.NOT_JSON),
        (rb'"\ud800"', payload.NOT_JSON),
        (b'"\xff"', payload.NOT_UTF8),
        ('{"a":1}'.encode("utf-16"), payload.NOT_UTF8),
    ],
)
def test_what_cannot_be_read_says_why(body: bytes, reason: str) -> None:
    read = payload.read(body, JSON, "")
    assert (read.value, read.raw, read.unparsed) == (None, None, reason)


def test_a_form_with_json_in_a_field_carries_that_json() -> None:
    inner = '{"a": "é & +", "b": 1}'
    read = payload.read(
        urlencode({"payload": inner, "x": "1"}).encode(), f"{FORM}; charset=utf-8", "payload"
    )
    assert read.raw == inner.encode()


@pytest.mark.parametrize("body", [b"x=1", b"payload={}&payload={}", b"&&&"])
def test_a_form_whose_json_is_missing_or_doubled_is_not_read(body: bytes) -> None:
    assert payload.read(body, FORM, "payload").unparsed == payload.NO_FIELD


def test_a_plain_form_is_names_and_values() -> None:
    read = payload.read(b"a=1&b=x+y&a=2&empty=", FORM.upper(), "")
    assert read.value == {"a": ["1", "2"], "b": "x y", "empty": ""}
    assert payload.read(b"a=%ff", FORM, "").unparsed == payload.NOT_UTF8
    assert payload.read(b"a=1&" * 1001, FORM, "").unparsed == payload.BAD_FORM
