"""Every vector of every sender whose scheme is one of ours."""

import pytest

from gateway.model.outcomes import Outcome
from gateway.verify import keys
from gateway.verify.base import BadKey, Context, Key, KeyEncoding, Proof, Refusal, Scheme
from gateway.verify.verifier import Bound, Verifier
from tests.vectors import Vector, load, senders
from tests.verify.schemes import SCHEMES

ALL = [pytest.param(sender, one, id=one.id) for sender in senders() for one in load(sender)]
REFUSALS = {Outcome.BAD_SIGNATURE, Outcome.MISSING_SIGNATURE, Outcome.STALE}


def _encoding(scheme: Scheme) -> KeyEncoding:
    return getattr(scheme, "key_encoding", "text")


def _keys(vector: Vector, scheme: Scheme) -> list[Key]:
    """Decoded without the rule on length: published vectors have short secrets."""
    texts = vector.texts("keys", "tokens", "signing_tokens", "values")
    if "username" in vector.secrets:
        texts = [f"{vector.secrets['username']}:{vector.secrets['password']}"]
    if "keys_by_id" in vector.secrets:
        texts = list(vector.secrets["keys_by_id"].values())
    found = []
    for number, text in enumerate(texts, 1):
        try:
            found.append(Key(f"#{number}", keys.raw(text.encode(), _encoding(scheme))))
        except BadKey:
            continue
    return found or [Key("none", b"\0" * 32)]


def test_every_sender_with_vectors_has_a_scheme() -> None:
    assert set(senders()) == set(SCHEMES)


@pytest.mark.parametrize(("sender", "vector"), ALL)
def test_the_verdict_is_the_expected_one(sender: str, vector: Vector) -> None:
    scheme = SCHEMES[sender](vector)
    options = {"x_login": str(vector.secrets.get("x_login", ""))}
    ours = tuple(_keys(vector, scheme))
    verifier = Verifier((Bound(scheme, ours),), Context(vector.url, options))
    verdict = verifier.verify(vector.request, vector.now)
    if vector.accept:
        assert isinstance(verdict, Proof), (vector.note, verdict)
        assert verdict.scheme == scheme.name
        assert verdict.label in {key.label for key in ours}
    else:
        assert isinstance(verdict, Refusal), (vector.note, verdict)
        assert verdict.outcome in REFUSALS
