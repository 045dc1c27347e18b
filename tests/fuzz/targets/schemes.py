"""Schemes as an operator may write them, and the secrets of sources."""

import json
from dataclasses import fields, replace

from hypothesis import strategies as st

from gateway import providers
from gateway.providers import sampling
from gateway.providers.sign import CannotSign, sign
from gateway.verify.base import BadKey, BadScheme, Context, Key, Proof, Scheme, Secret
from gateway.verify.basic import Basic
from gateway.verify.hmac import Hmac, Timestamp
from gateway.verify.standard_webhooks import StandardWebhooks
from gateway.verify.token import Token
from gateway.verify.verifier import Bound, Verifier, bind
from tests.fuzz import message, reference
from tests.fuzz.senders import MADE_UP
from tests.fuzz.target import Target, promise
from tests.fuzz.targets import proofs

NOW = 1_790_000_000.0
URL = "https://hooks.example.com/in/x"
OPTIONS = {"app": "app-1", "empty": ""}
KEYS = (("#1", b"a-secret-of-more-than-sixteen-bytes"), ("#2", b"an-older-secret-as-long-as-it"))
_TEXTS = {one.name for one in fields(Hmac) if one.init} - {"timestamp"}
_CHOICES = {
    "encoding": {"hex", "base64", "base64url"},
    "key_encoding": {"text", "hex", "base64", "whsec"},
}


def run(data: bytes) -> None:
    """First line: a scheme's parameters as JSON, as a source's `verify` has them."""
    sent = message.parse(data)
    scheme = _scheme(sent.first)
    if scheme is None or any(key.decode() in sent.first for _, key in KEYS):
        return  # nobody writes a secret where a header's name stands
    if '"times"' in sent.first:  # a large body from a small input
        sent = replace(sent, body=sent.body[:100] * 1000)
    for ref in ("body", "body./id", "header.X-Id", "header.X-Time", "root./a", ""):
        promise(isinstance(scheme.covers(ref), bool), "covers says neither yes nor no")
    promise(all(name == name.lower() for name in scheme.secret_headers()), "not in lower case")
    promise(all(isinstance(need, str) for need in scheme.needs()), "needs what is no text")
    for value in (b"", b"short", KEYS[0][1], b"whsec_" + b"QUJD" * 8, b"00ff" * 8, sent.body[:80]):
        try:
            key = scheme.key(Secret("label", value))
        except BadKey as error:
            promise(len(value) < 6 or value.decode("latin-1") not in str(error), "shows a secret")
        else:
            promise(len(key.value) >= 16, "a key that can be guessed")
    verifier = Verifier(
        (Bound(scheme, tuple(Key(label, value) for label, value in KEYS)),), Context(URL, OPTIONS)
    )
    whole = reference.Sent(sent.pairs, sent.body, NOW, "POST", URL, OPTIONS)
    proofs.judge(verifier, KEYS, proofs.signed(verifier, KEYS, whole))
    _signed_by_the_other(scheme, verifier, sent)


def _signed_by_the_other(scheme: Scheme, verifier: Verifier, sent: message.Message) -> None:
    """What `providers.sign` signs is judged as the reference says."""
    headers = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in sent.pairs if v.isascii()]
    try:
        added = sign(
            scheme,
            KEYS[1][1],
            method="POST",
            headers=headers,
            body=sent.body,
            url=URL,
            options=OPTIONS,
            now=NOW,
        )
    except (CannotSign, UnicodeError):
        return
    pairs = [
        (n.encode("utf-8", "replace"), v.encode("utf-8", "replace")) for n, v in (*headers, *added)
    ]
    proofs.judge(verifier, KEYS, reference.Sent(tuple(pairs), sent.body, NOW, "POST", URL, OPTIONS))


def _scheme(text: str) -> Scheme | None:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = {"header": text}
    if not isinstance(given, dict):
        return None
    stamp = given.pop("timestamp", None)
    tolerance = given.pop("tolerance", 300.0)
    kind = given.pop("scheme", "hmac")
    known = {k: v for k, v in given.items() if k in _TEXTS and isinstance(v, str)}
    if not all(known.get(name, next(iter(ok))) in ok for name, ok in _CHOICES.items()):
        return None
    try:
        number = float(tolerance) if isinstance(tolerance, int | float) else 300.0
        match kind:
            case "token":
                return Token(known.get("header", ""), known.get("prefix", ""))
            case "basic":
                return Basic()
            case "standard-webhooks":
                return StandardWebhooks(number, known.get("key_encoding", "whsec"))
        if isinstance(stamp, dict):
            unit = stamp.get("unit", "s")
            where = {k: stamp.get(k) for k in ("header", "entry") if isinstance(stamp.get(k), str)}
            known["timestamp"] = Timestamp(
                **where, unit=unit if unit in ("ms", "rfc3339") else "s", tolerance=number
            )
        return Hmac(**{"header": "X-Sig", **known})
    except BadScheme as error:
        promise(str(error), "an error that says nothing")
    except OverflowError:
        pass  # an integer that is no float: YAML durations are bounded before
    return None


_PARTS = ("{body}", "{timestamp}", "{id}", "{url}", "{method}", "{header.X-A}", "{option.app}", ".", ":",
          "{option.no}", "{", "}", "{bdy}", "{body.x}", "v0:", "\n", "é", "{option.empty}")  # fmt: skip
_parameters = st.fixed_dictionaries(
    {},
    optional={
        "scheme": st.sampled_from(["hmac", "hmac", "hmac", "token", "basic", "standard-webhooks"]),
        "header": st.sampled_from(["X-Sig", "x-sig", "Authorization", "", "X é"]),
        "signed": st.lists(st.sampled_from(_PARTS), max_size=5).map("".join),
        "algorithm": st.sampled_from(
            ["sha256", "sha1", "sha512", "md5", "sha3_256", "blake2b", "blake2s", "shake_128", "x",
             "sha512_256", "sm3", "md5-sha1", "ripemd160", "", "SHA256"]
        ),
        "encoding": st.sampled_from(["hex", "base64", "base64url"]),
        "key_encoding": st.sampled_from(["text", "hex", "base64", "whsec"]),
        "prefix": st.sampled_from(["", "sha256=", "v1=", "Bearer ", "é"]),
        "separator": st.sampled_from(["", ",", ";", " ", "=", "a"]),
        "entry": st.sampled_from(["", "v1", "t", "é", "="]),
        "assign": st.sampled_from(["=", ",", "", ":", "/SHA256/"]),
        "id_header": st.sampled_from(["", "X-Id", "x-id", "X-Sig"]),
        "tolerance": st.sampled_from([300, 0, -1, 1e9, 0.5]),
        "timestamp": st.fixed_dictionaries(
            {},
            optional={
                "header": st.sampled_from(["", "X-Time", "X-Sig"]),
                "entry": st.sampled_from(["", "t", "v1"]),
                "unit": st.sampled_from(["s", "ms", "rfc3339"]),
            },
        ),
    },
)  # fmt: skip
_pairs = st.tuples(
    st.sampled_from([b"X-Sig", b"x-sig", b"X-Time", b"X-Id", b"X-A", b"Authorization", b"webhook-id",
                     b"webhook-timestamp", b"webhook-signature", b"svix-id"]),
    st.sampled_from([b"{sig}", b"sha256={sig}", b"t=1790000000,v1={sig}", b"v1={old}", b"v1,{sig}",
                     b"1790000000", b"1790000000000", b"2026-09-21T14:13:20Z", b"m1", b"", b"\xe9",
                     b"Bearer a-secret-of-more-than-sixteen-bytes", b"{sig},{old}", b"1790000301"]),
)  # fmt: skip

TARGET = Target(
    name="schemes",
    promise="parameters make a scheme or a named mistake; a scheme lets in whom the reference does",
    run=run,
    cases=message.messages(
        _parameters.map(json.dumps),
        _pairs,
        st.sampled_from([b"", b'{"a": 1}', b"x" * 70_000]),
    ),
    words=(*_PARTS, '"signed":', '"header":', '"timestamp":{"entry":"t"}', '"entry":"v1"', "{sig}"),
)


# ---------------------------------------------------------------- secrets of a source


def run_secrets(data: bytes) -> None:
    """First line: a provider, then options (`allow_sha1`, `url`). Then a secret a line."""
    first, *lines = data.split(b"\n")
    words = first.decode("latin-1").split() or ["github"]
    name = words[0]
    if name not in (*providers.names(), *MADE_UP):
        _unknown(name)
        name = "github"
    ways = (MADE_UP[name] if name in MADE_UP else providers.load(name)).ways
    secrets = [Secret(f"#{n}", line) for n, line in enumerate(lines[:8], 1)]
    options: dict[str, str | bool | None] = dict.fromkeys(words[1:], True)
    context = Context(URL if "url" in words else "", OPTIONS if "app" in words else None)
    found = bind(ways, secrets, options, context)
    promise(type(found) in (Verifier, list), "neither a verifier nor a list")
    if isinstance(found, Verifier):
        promise(found.bound and all(b.keys for b in found.bound), "a way without a key")
        promise(
            all(len(key.value) >= 16 for b in found.bound for key in b.keys), "a key to be guessed"
        )
        for bound in found.bound:
            opening = {way.option for way in ways if way.scheme is bound.scheme}
            promise(any(not o or options.get(o) is True for o in opening), "a closed way is live")
        empty = found.verify(proofs.Request("POST", "/", b"", proofs.Headers(()), b""), NOW)
        promise(not isinstance(empty, Proof), "a request without anything is let in")
        return
    promise(found, "no verifier, and nothing said why")
    said = "; ".join(found)
    for secret in secrets:
        text = secret.value.decode("latin-1")
        promise(len(text) < 12 or text not in said, f"a problem shows a secret: {said}")
        promise(len(text) < 12 or text not in repr(secret), "a repr shows a secret")


def _unknown(name: str) -> None:
    """What nobody has is nowhere loaded from, and no way is open without a key."""
    plain = "".join(letter for letter in name if letter.isalnum())
    for load in (providers.load, sampling.load):
        try:
            load(plain or "nobody")
        except KeyError:
            continue
        # The samples of `custom` are no sender's.
        promise(plain in (*providers.names(), "custom"), f"{plain} is loaded")
    for bound in ((), (Bound(Basic(), ()),)):
        try:
            Verifier(bound, Context())
        except ValueError:
            continue
        promise(False, "a verifier without a key")


SECRETS = Target(
    name="secrets",
    promise="a source without a good secret is closed, with a reason that shows none",
    run=run_secrets,
    cases=st.builds(
        lambda first, lines: b"\n".join([first.encode(), *lines]),
        st.builds(
            " ".join,
            st.tuples(
                st.sampled_from([*providers.names(), *MADE_UP, "nobody"]),
                st.sampled_from(["", "allow_sha1", "url", "url app", "allow_token"]),
            ),
        ),
        st.lists(
            st.sampled_from(
                [b"", b"short", b"whsec_", b"whsec_" + b"QUJD" * 8, b"x" * 16, b"\xff" * 20]
            )
            | st.binary(max_size=40).map(lambda b: b.replace(b"\n", b"")),
            max_size=4,
        ),
    ),
    words=("whsec_", "allow_sha1", *providers.names()),
)
