"""Which way judges a request, and which secrets a source may use."""

import base64
import hmac as std
from dataclasses import dataclass

import pytest

from gateway.verify.base import Context, Proof, Scheme, Secret
from gateway.verify.basic import Basic
from gateway.verify.hmac import Hmac
from gateway.verify.standard_webhooks import StandardWebhooks
from gateway.verify.token import Token
from gateway.verify.verifier import Bound, Verifier, bind
from tests.verify.build import BARE, BODY, NOW, SECRET, outcome, request


@dataclass(frozen=True)
class Way:
    scheme: Scheme
    secret_prefix: str = ""
    option: str = ""


SHA256 = Way(Hmac("X-Sig-256", prefix="sha256="))
SHA1 = Way(Hmac("X-Sig", algorithm="sha1", prefix="sha1="), option="allow_sha1")
SIGNING = Way(StandardWebhooks(), secret_prefix="whsec_")
PLAIN = Way(Token("X-Token"))
WHSEC = Secret("signing", b"whsec_" + base64.b64encode(b"k" * 32))
TOKEN = Secret("token", b"a-plain-token-of-some-length")


def verifier(ways, secrets, options=None, context=BARE) -> Verifier:
    bound = bind(ways, secrets, options or {}, context)
    assert isinstance(bound, Verifier), bound
    return bound


def sent(algorithm: str, header: str):
    value = f"{algorithm}={std.new(SECRET, BODY, algorithm).hexdigest()}"
    return request((header, value))


def test_a_signing_token_shuts_out_a_plain_one() -> None:
    both = verifier([SIGNING, PLAIN], [WHSEC, TOKEN])
    assert outcome(both.verify(request(("X-Token", TOKEN.value)), NOW)) == "missing_signature"
    assert outcome(both.verify(request(("X-Token", WHSEC.value)), NOW)) == "missing_signature"
    alone = verifier([SIGNING, PLAIN], [TOKEN])
    assert alone.verify(request(("X-Token", TOKEN.value)), NOW) == Proof("token", "token")


def test_a_weaker_way_is_closed_until_its_option_is_true() -> None:
    secrets = [Secret("s", SECRET)]
    for options in ({}, {"allow_sha1": False}, {"allow_sha1": None}, {"allow_sha1": "yes"}):
        closed = verifier([SHA256, SHA1], secrets, options)
        assert outcome(closed.verify(sent("sha1", "X-Sig"), NOW)) == "missing_signature"
    opened = verifier([SHA256, SHA1], secrets, {"allow_sha1": True})
    assert opened.verify(sent("sha1", "X-Sig"), NOW) == Proof("hmac", "s")


def test_there_is_no_second_try() -> None:
    opened = verifier([SHA256, SHA1], [Secret("s", SECRET)], {"allow_sha1": True})
    pairs = [("X-Sig-256", "sha256=" + "0" * 64), *sent("sha1", "X-Sig").headers.pairs]
    both = request(*[(n if isinstance(n, str) else n.decode(), v) for n, v in pairs])
    assert outcome(opened.verify(both, NOW)) == "bad_signature"


def test_all_that_is_wrong_is_said_at_once_and_without_a_secret() -> None:
    problems = bind([SHA256], [Secret("A", b""), Secret("B", b"short-secret")], {}, Context())
    assert problems == ["A: is empty", "B: is shorter than 16 bytes after decoding"]
    assert bind([SHA256], [], {}, Context()) == ["no secret is configured"]
    assert bind([SIGNING], [TOKEN], {}, Context()) == ["token: must begin with whsec_"]


def test_one_bad_secret_closes_a_source_even_beside_a_good_one() -> None:
    problems = bind([SHA256], [Secret("good", SECRET), Secret("bad", b"x")], {}, Context())
    assert isinstance(problems, list)


def test_what_a_signature_needs_from_the_configuration_is_asked_for() -> None:
    way = Way(Hmac("X-Sig", signed="{url}{option.app}{body}"))
    secrets = [Secret("s", SECRET)]
    problems = bind([way], secrets, {}, Context())
    assert isinstance(problems, list)
    assert "public_url" in problems[0]
    assert "options.app" in problems[1]
    verifier([way], secrets, {}, Context("https://a.example/x", {"app": "1"}))


def test_headers_that_carry_a_secret_are_known() -> None:
    assert verifier([PLAIN], [TOKEN]).secret_headers == {b"x-token"}
    assert verifier([Way(Basic())], [Secret("s", b"user:password-long")]).secret_headers == {
        b"authorization"
    }
    assert verifier([SHA256], [Secret("s", SECRET)]).secret_headers == frozenset()


def test_only_what_every_live_way_signs_is_covered() -> None:
    assert verifier([SHA256], [Secret("s", SECRET)]).covers("body./id")
    assert not verifier([SHA256], [Secret("s", SECRET)]).covers("header.X-Id")
    assert not verifier([PLAIN], [TOKEN]).covers("body./id")
    both = [SHA256, Way(Hmac("X-Other", signed="{id}{body}", id_header="X-Id"))]
    for ways in (both, both[::-1]):
        assert verifier(ways, [Secret("s", SECRET)]).covers("body./id")
        assert not verifier(ways, [Secret("s", SECRET)]).covers("header.X-Id")


def test_a_verifier_without_a_key_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="needs"):
        Verifier((), Context())
    with pytest.raises(ValueError, match="needs"):
        Verifier((Bound(SHA256.scheme, ()),), Context())
