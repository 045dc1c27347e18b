"""Signatures: a request is let in where, and only where, the reference lets it in."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from hypothesis import strategies as st

from gateway.model.request import Headers, Request
from gateway.verify import keys as key_bytes
from gateway.verify.base import BadKey, Context, Key, Proof, Refusal
from gateway.verify.verifier import Bound, Verifier
from tests import vectors
from tests.fuzz import message, reference
from tests.fuzz.target import Target, promise
from tests.verify.schemes import SCHEMES

REFUSALS = {"bad_signature", "missing_signature", "stale"}


@dataclass(frozen=True)
class Setting:
    """How one sender's requests are judged: by a vector's secrets, at its time."""

    verifier: Verifier
    keys: reference.Labeled
    url: str
    options: dict[str, str]
    now: float


@cache
def settings() -> dict[str, Setting]:
    """By the name of a vector: `stripe-3`."""
    return {one.id: _setting(name, one) for name in SCHEMES for one in vectors.load(name)}


def _setting(sender: str, vector: vectors.Vector) -> Setting:
    scheme = SCHEMES[sender](vector)
    texts = vector.texts("keys", "tokens", "signing_tokens", "values")
    if "username" in vector.secrets:
        texts = [f"{vector.secrets['username']}:{vector.secrets['password']}"]
    if "keys_by_id" in vector.secrets:
        texts = list(vector.secrets["keys_by_id"].values())
    found = []
    for number, text in enumerate(texts, 1):
        try:
            encoding = getattr(scheme, "key_encoding", "text")
            found.append(Key(f"#{number}", key_bytes.raw(text.encode(), encoding)))
        except BadKey:
            continue
    found = found or [Key("none", b"\0" * 32)]
    options = {"x_login": str(vector.secrets.get("x_login", ""))}
    return Setting(
        Verifier((Bound(scheme, tuple(found)),), Context(vector.url, options)),
        tuple((key.label, key.value) for key in found),
        vector.url,
        options,
        vector.now,
    )


def run(data: bytes) -> None:
    """First line: a vector's name, and seconds to put the clock forward."""
    sent = message.parse(data)
    name, *rest = sent.words or [""]
    setting = settings().get(name) or next(iter(settings().values()))
    age = float(rest[0]) if rest and re.fullmatch(r"-?[0-9]{1,11}", rest[0]) else 0.0
    method = rest[1] if len(rest) > 1 else "POST"
    whole = reference.Sent(
        sent.pairs, sent.body, setting.now + age, method, setting.url, setting.options
    )
    judge(setting.verifier, setting.keys, signed(setting.verifier, setting.keys, whole))


def signed(verifier: Verifier, keys: reference.Labeled, sent: reference.Sent) -> reference.Sent:
    """The request with `{sig}` in its headers replaced by the right signature, `{old}` by the last
    key's."""
    scheme = verifier.bound[0].scheme
    for mark, (_, key) in ((b"{sig}", keys[0]), (b"{old}", keys[-1])):
        if any(mark in value for _, value in sent.pairs):
            right = (reference.signature(scheme, key, sent) or "").encode()
            pairs = tuple((name, value.replace(mark, right)) for name, value in sent.pairs)
            sent = replace(sent, pairs=pairs)
    return sent


def judge(verifier: Verifier, keys: reference.Labeled, sent: reference.Sent) -> Proof | Refusal:
    """Verifier and reference agree, and the verifier with itself."""
    request = Request(sent.method, "/in/source", b"", Headers(sent.pairs), sent.body)
    verdict = verifier.verify(request, sent.now)
    promise(verdict == verifier.verify(request, sent.now), "two verdicts on one request")
    way = next((b for b in verifier.bound if b.scheme.present(request)), verifier.bound[0])
    if not reference.no_opinion(way.scheme, sent):
        wanted = reference.fitting(way.scheme, keys, sent)
        got = verdict.label if isinstance(verdict, Proof) else None
        promise(got == wanted, f"let in by {got!r}, the reference says {wanted!r}: {verdict}")
    if isinstance(verdict, Refusal):
        promise(verdict.outcome in REFUSALS, f"an outcome that no scheme has: {verdict}")
        hidden = [key.decode("latin-1") for _, key in keys if len(key) > 8]
        promise(not any(key in verdict.reason for key in hidden), "a reason shows a secret")
    return verdict


def seeds() -> Iterable[tuple[str, bytes]]:
    """Every vector as it is, and with a mark where its signature stands."""
    for sender in SCHEMES:
        for vector in vectors.load(sender):
            setting = settings()[vector.id]
            first = f"{vector.id} 0 {vector.request.method}"
            pairs, body = vector.request.headers.pairs, vector.request.body
            yield vector.id, message.write(first, pairs, body)
            sent = reference.Sent(
                pairs, body, vector.now, vector.request.method, vector.url, setting.options
            )
            scheme = setting.verifier.bound[0].scheme
            right = (reference.signature(scheme, setting.keys[0][1], sent) or "").encode()
            if right and any(right in value for _, value in pairs):
                marked = tuple((name, value.replace(right, b"{sig}")) for name, value in pairs)
                yield f"{vector.id}-marked", message.write(first, marked, body)


# ---------------------------------------------------------------- shapes


@st.composite
def _case(draw: st.DrawFn) -> bytes:
    """A vector's request with a mark, and some of its headers changed."""
    name = draw(st.sampled_from(sorted(marked())))
    sent = message.parse(marked()[name])
    pairs = list(sent.pairs)
    for _ in range(draw(st.integers(0, 3))):
        if not pairs:
            break
        at = draw(st.integers(0, len(pairs) - 1))
        key, value = pairs[at]
        match draw(st.integers(0, 7)):
            case 0:
                pairs.append(pairs[at])
            case 1:
                del pairs[at]
            case 2:
                pairs[at] = (key.swapcase(), value)
            case 3:
                pairs[at] = (
                    key,
                    value + draw(st.sampled_from([b" ", b",", b"0", b"=", b"\xe9", b"\t"])),
                )
            case 4:
                pairs[at] = (key, value.swapcase())
            case 5:
                pairs[at] = (
                    key,
                    draw(st.sampled_from([b"", b"{sig}", b"{old}", b"v1={sig}", b"v1,{sig}"])),
                )
            case 6:
                cut = draw(st.integers(0, len(value)))
                pairs[at] = (key, value[:cut] + draw(st.binary(max_size=3)) + value[cut:])
            case 7:
                pairs[at] = (key, value.replace(b"{sig}", b"{sig},{sig}"))
    age = draw(st.sampled_from([0, 0, 0, 299, 300, 301, -299, -300, -301, 10**9]))
    body = draw(st.sampled_from([sent.body, sent.body, sent.body + b" ", b""]))
    method = [*sent.words, "POST"][2]
    return message.write(f"{name} {age} {method}", tuple(pairs), body)


@cache
def marked() -> dict[str, bytes]:
    """Of each sender the first vector that a mark can stand in."""
    found: dict[str, bytes] = {}
    for name, data in seeds():
        if name.endswith("-marked"):
            found.setdefault(name.removesuffix("-marked").rpartition("-")[0], data)
    return {data.split(b" ", 1)[0].decode(): data for data in found.values()}


TARGET = Target(
    name="proofs",
    promise="who is let in is exactly who a second, slow implementation lets in",
    run=run,
    cases=_case(),
    more_seeds=seeds,
    words=("{sig}", "{old}", "v1=", "v1,", "t=", "sha256=", "Bearer ", "Basic ", "1790000000"),
)
