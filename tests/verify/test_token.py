"""A token lets in whoever holds it whole, and nobody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.verify.base import BadKey, Proof, Refusal, Secret
from gateway.verify.token import Token
from tests.verify.build import SECRET, judge, outcome, request

TOKEN = Token("X-Token")
BEARER = Token("Authorization", prefix="Bearer ")
TEXT = SECRET.decode()


def test_the_token_is_a_proof_with_its_label() -> None:
    assert judge(TOKEN, request(("x-token", TEXT)), keys=[b"n" * 20, SECRET]) == Proof(
        "token", "#2"
    )


@pytest.mark.parametrize("word", ["Bearer ", "bearer ", "BEARER "])
def test_the_prefix_counts_without_its_case(word) -> None:
    assert isinstance(judge(BEARER, request(("Authorization", word + TEXT))), Proof)


@pytest.mark.parametrize(
    "value", ["", " ", TEXT[:-1], TEXT + "x", TEXT.upper(), TEXT + " ", "é" + TEXT[1:]]
)
def test_another_value_is_refused(value) -> None:
    assert outcome(judge(TOKEN, request(("X-Token", value)))) == "bad_signature"


@pytest.mark.parametrize(
    "value",
    [
        "Bearer ",
        "Bearer",
        TEXT,
        "Basic " + TEXT,
        "Bearer  " + TEXT,
        "Bearer_" + TEXT,
        "Digest " + TEXT,
    ],
)
def test_a_bare_or_foreign_prefix_is_refused(value) -> None:
    assert outcome(judge(BEARER, request(("Authorization", value)))) == "bad_signature"


def test_an_absent_token_is_missing() -> None:
    assert outcome(judge(TOKEN, request())) == "missing_signature"


@pytest.mark.parametrize("other", [TEXT, "wrong", ""])
def test_a_doubled_token_header_is_refused(other) -> None:
    for pairs in ([("X-Token", TEXT), ("x-token", other)], [("X-Token", other), ("X-Token", TEXT)]):
        assert outcome(judge(TOKEN, request(*pairs))) == "bad_signature"


@given(st.binary(max_size=80).filter(lambda value: value != SECRET))
def test_nothing_else_is_let_in(value) -> None:
    assert isinstance(judge(TOKEN, request(("X-Token", value))), Refusal)


@pytest.mark.parametrize(
    "value", [b"", b"short", "geheim-für-alle-leute".encode(), b"sixteen-bytes-ok\n", b" " * 20]
)
def test_a_secret_no_header_can_carry_is_no_key(value) -> None:
    with pytest.raises(BadKey):
        TOKEN.key(Secret("a", value))


def test_the_header_is_named_as_one_that_carries_the_secret() -> None:
    assert BEARER.secret_headers() == ("authorization",)
    assert not TOKEN.covers("body")
