"""User and password: exactly these, exactly once."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.verify.base import BadKey, Proof, Refusal, Secret
from gateway.verify.basic import Basic
from tests.verify.build import judge, outcome, request

PAIR = "hook:päss:wörd-long-enough"
KEY = PAIR.encode()


def header(pair: str, word: str = "Basic ") -> tuple[str, str]:
    return ("Authorization", word + base64.b64encode(pair.encode()).decode())


@pytest.mark.parametrize("word", ["Basic ", "basic ", "BASIC   "])
def test_user_and_password_are_a_proof(word) -> None:
    assert judge(Basic(), request(header(PAIR, word)), keys=[b"a:" + b"b" * 20, KEY]) == Proof(
        "basic", "#2"
    )


@pytest.mark.parametrize(
    "pair",
    [
        header("hook:other"),
        header("other:" + PAIR[5:]),
        header(PAIR + "x"),
        header(PAIR[:-1]),
        header(PAIR, "Bearer "),
        header(PAIR, ""),
        ("Authorization", ""),
        ("Authorization", "Basic"),
        ("Authorization", "Basic "),
        ("Authorization", "Basic ###"),
        ("Authorization", "Basic " + PAIR),
        ("Authorization", header(PAIR)[1] + "="),
        ("Authorization", header(PAIR)[1] + " x"),
    ],
)
def test_another_value_is_refused(pair) -> None:
    assert outcome(judge(Basic(), request(pair), keys=[KEY])) == "bad_signature"


def test_an_absent_header_is_missing_and_a_doubled_one_refused() -> None:
    assert outcome(judge(Basic(), request(), keys=[KEY])) == "missing_signature"
    twice = request(header(PAIR), header(PAIR))
    assert outcome(judge(Basic(), twice, keys=[KEY])) == "bad_signature"


@given(st.binary(max_size=60))
def test_any_value_is_judged_without_an_exception(value) -> None:
    assert isinstance(judge(Basic(), request(("Authorization", b"Basic " + value))), Refusal)


@pytest.mark.parametrize(
    "value", [b"", b"user-without-a-password", b"user-without-a-pass:", b"u:p"]
)
def test_a_secret_that_is_no_pair_is_no_key(value) -> None:
    with pytest.raises(BadKey):
        Basic().key(Secret("a", value))
    assert Basic().secret_headers() == ("authorization",)
