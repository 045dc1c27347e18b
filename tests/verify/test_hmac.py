"""Nobody gets in by a plain HMAC who does not hold the secret."""

import base64
import hashlib
import hmac as std
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.verify.base import BadKey, BadScheme, Context, Key, Proof, Refusal, Secret
from gateway.verify.hmac import Hmac, Timestamp
from tests.verify.build import BODY, NOW, SECRET, judge, outcome, request

PLAIN = Hmac("X-Signature", prefix="sha256=")
STAMPED = Hmac(
    "X-Signature",
    signed="{timestamp}.{body}",
    separator=",",
    entry="v1",
    timestamp=Timestamp(entry="t"),
)
BY_HEADER = Hmac(
    "X-Signature",
    signed="{id}:{timestamp}:{body}",
    timestamp=Timestamp(header="X-Time", unit="s"),
    id_header="X-Id",
)


def sign(data: bytes, key: bytes = SECRET, algorithm: str = "sha256") -> str:
    return std.new(key, data, algorithm).hexdigest()


def plain(value: str | None = None, body: bytes = BODY):
    value = "sha256=" + sign(body) if value is None else value
    return request(("X-Signature", value), body=body)


def stamped(time: str = "1790000000", *more: str, body: bytes = BODY):
    signature = sign(time.encode() + b"." + body)
    return request(("X-Signature", ",".join([f"t={time}", f"v1={signature}", *more])), body=body)


def by_header(id: str = "m1", time: str = "1790000000"):
    signature = sign(f"{id}:{time}:".encode() + BODY)
    return [("X-Signature", signature), ("X-Time", time), ("X-Id", id)]


# RFC 4231, 4.2 to 4.8: test cases 1 to 4, 6 and 7 (5 is about truncated output).
RFC_4231 = [
    (
        b"\x0b" * 20,
        b"Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
    ),
    (
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
    ),
    (
        b"\xaa" * 20,
        b"\xdd" * 50,
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb",
    ),
    (
        bytes(range(1, 26)),
        b"\xcd" * 50,
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
        "b0ba465637458c6990e5a8c5f61d4af7e576d97ff94b872de76f8050361ee3dba91ca5c11aa25eb4d679275cc5788063a5f19741120c4f2de2adebeb10a298dd",
    ),
    (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
    ),
    (
        b"\xaa" * 131,
        (
            b"This is a test using a larger than block-size key and a larger than block-size "
            b"data. The key needs to be hashed before being used by the HMAC algorithm."
        ),
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
        "e37b6a775dc87dbaa4dfa9f96e5e3ffddebd71f8867289865df5a32d20cdc944b6022cac3c4982b10d5eeb55c3e4de15134676fb6de0446065c97440fa8c6a58",
    ),
]


@pytest.mark.parametrize(("key", "data", "sha256", "sha512"), RFC_4231)
def test_the_vectors_of_rfc_4231_are_proofs(key, data, sha256, sha512) -> None:
    for algorithm, value in (("sha256", sha256), ("sha512", sha512)):
        scheme = Hmac("X-Signature", algorithm=algorithm)
        sent = request(("X-Signature", value), body=data)
        assert isinstance(judge(scheme, sent, keys=[key]), Proof)


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha224", "sha384", "sha3_256", "blake2b"])
@pytest.mark.parametrize("encoding", ["hex", "base64", "base64url"])
def test_any_hash_of_fixed_length_in_any_encoding_is_read(algorithm, encoding) -> None:
    mac = std.new(SECRET, BODY, algorithm).digest()
    text = {
        "hex": mac.hex(),
        "base64": base64.b64encode(mac).decode(),
        "base64url": base64.urlsafe_b64encode(mac).decode().rstrip("="),
    }[encoding]
    scheme = Hmac("X-Signature", algorithm=algorithm, encoding=encoding)
    assert isinstance(judge(scheme, request(("x-SIGNATURE", text))), Proof)


def test_hex_in_capitals_is_the_same_number() -> None:
    value = "sha256=" + sign(BODY).upper()
    assert isinstance(judge(PLAIN, plain(value)), Proof)


@given(st.data())
def test_no_changed_byte_of_the_body_is_let_in(data) -> None:
    at = data.draw(st.integers(0, len(BODY) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != BODY[at]))
    changed = BODY[:at] + bytes([byte]) + BODY[at + 1 :]
    sent = request(("X-Signature", "sha256=" + sign(BODY)), body=changed)
    assert outcome(judge(PLAIN, sent)) == "bad_signature"


@given(st.data())
def test_no_changed_byte_of_the_signature_is_let_in(data) -> None:
    value = ("sha256=" + sign(BODY)).encode()
    at = data.draw(st.integers(0, len(value) - 1))
    byte = data.draw(st.integers(0, 255))
    changed = value[:at] + bytes([byte]) + value[at + 1 :]
    verdict = judge(PLAIN, request(("X-Signature", changed)))
    if changed.lower() != value or changed[:7] != value[:7]:
        assert outcome(verdict) == "bad_signature"


@given(st.binary(min_size=16).filter(lambda key: key.rstrip(b"\0") != SECRET))
def test_no_other_secret_is_let_in(key) -> None:
    assert outcome(judge(PLAIN, plain(), keys=[key])) == "bad_signature"


@given(st.permutations(range(6)), st.randoms(use_true_random=False))
def test_the_order_and_case_of_other_headers_do_not_matter(order, rng: random.Random) -> None:
    pairs = [("Host", "a"), ("X-Other", "b"), ("X-Other", "c"), *by_header()]
    mixed = [("".join(rng.choice((c.upper(), c.lower())) for c in n), v) for n, v in pairs]
    verdict = judge(BY_HEADER, request(*(mixed[i] for i in order)))
    assert isinstance(verdict, Proof)


@given(st.binary(max_size=200))
def test_any_value_of_the_header_is_judged_without_an_exception(value) -> None:
    for scheme in (PLAIN, STAMPED, Hmac("X-Signature", encoding="base64")):
        assert isinstance(judge(scheme, request(("X-Signature", value))), Refusal)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "sha256=",
        "sha256= ",
        sign(BODY),
        "SHA256=" + sign(BODY),
        "sha1=" + sign(BODY, algorithm="sha1"),
        "sha256=" + sign(BODY, algorithm="sha1"),
        "sha256=" + sign(BODY)[:-1],
        "sha256=" + sign(BODY)[:32],
        "sha256=" + sign(BODY) + "00",
        "sha256= " + sign(BODY),
        "sha256=" + sign(BODY) + " ",
        "sha256=" + " ".join(sign(BODY)[i : i + 2] for i in range(0, 64, 2)),
        "sha256=" + sign(BODY) + "," + sign(BODY),
        "sha256=sha256=" + sign(BODY),
        "sha256=" + sign(BODY).replace("a", "а"),  # the second is a Cyrillic letter
        "sha256=" + base64.b64encode(std.digest(SECRET, BODY, "sha256")).decode(),
        "sha256=" + "0" * 64,
        "sha256=" + sign(BODY, b""),
    ],
)
def test_a_value_of_another_form_is_refused(value) -> None:
    assert outcome(judge(PLAIN, plain(value))) == "bad_signature"


def test_an_absent_signature_header_is_missing() -> None:
    assert outcome(judge(PLAIN, request())) == "missing_signature"
    assert not PLAIN.present(request())
    assert PLAIN.present(plain(""))


@pytest.mark.parametrize("second", ["good", "bad", "empty"])
@pytest.mark.parametrize("good_first", [True, False])
def test_a_doubled_signature_header_is_refused(second, good_first) -> None:
    good = "sha256=" + sign(BODY)
    other = {"good": good, "bad": "sha256=" + "0" * 64, "empty": ""}[second]
    pairs = [("X-Signature", good), ("x-signature", other)]
    sent = request(*(pairs if good_first else reversed(pairs)))
    assert outcome(judge(PLAIN, sent)) == "bad_signature"


@pytest.mark.parametrize("name", ["X-Signature", "X-Time", "X-Id"])
def test_each_header_of_a_proof_must_be_there_once_and_filled(name) -> None:
    good = by_header()
    assert isinstance(judge(BY_HEADER, request(*good)), Proof)
    doubled = [*good, *(pair for pair in good if pair[0] == name)]
    assert outcome(judge(BY_HEADER, request(*doubled))) == "bad_signature"
    empty = [(n, "" if n == name else v) for n, v in good]
    assert outcome(judge(BY_HEADER, request(*empty))) == "bad_signature"
    foreign = [(n, v + "é" if n == name else v) for n, v in good]
    assert outcome(judge(BY_HEADER, request(*foreign))) == "bad_signature"
    absent = [pair for pair in good if pair[0] != name]
    assert outcome(judge(BY_HEADER, request(*absent))) == "missing_signature"


@pytest.mark.parametrize("id", [b"", b"m\xc3\xa9", b"m\xe9", b"\xff"])
def test_an_empty_or_foreign_id_is_refused_though_it_is_rightly_signed(id) -> None:
    pairs = [("X-Id", id), ("X-Time", "1790000000")]
    signature = sign(id + b":1790000000:" + BODY)
    assert outcome(judge(BY_HEADER, request(*pairs, ("X-Signature", signature)))) == "bad_signature"


@pytest.mark.parametrize(
    ("age", "expected"),
    [(0, "proof"), (300, "proof"), (301, "stale"), (-300, "proof"), (-301, "stale")],
)
def test_the_window_counts_in_both_directions(age, expected) -> None:
    assert outcome(judge(STAMPED, stamped(), now=NOW + age)) == expected
    assert outcome(judge(BY_HEADER, request(*by_header()), now=NOW + age)) == expected


def test_a_wrong_signature_is_bad_even_if_it_is_stale_too() -> None:
    assert outcome(judge(STAMPED, stamped(), keys=[b"x" * 32], now=NOW + 9999)) == "bad_signature"


@pytest.mark.parametrize("time", ["1790000001", "1790000000.0", "+1790000000", "179000000"])
def test_a_changed_time_breaks_the_signature(time) -> None:
    value = f"t={time},v1={sign(b'1790000000.' + BODY)}"
    assert outcome(judge(STAMPED, request(("X-Signature", value)))) == "bad_signature"


@pytest.mark.parametrize(
    "time",
    ["", "x", "1e9", "-1", "+1790000000", "1790000000.0", "1_790_000_000", "Infinity", "9" * 400],
)
def test_a_signed_time_that_is_no_integer_is_refused_and_never_stale(time) -> None:
    assert outcome(judge(STAMPED, stamped(time))) == "bad_signature"


def test_two_times_in_one_header_are_refused() -> None:
    assert outcome(judge(STAMPED, stamped("1790000000", "t=1790000000"))) == "bad_signature"


def test_a_time_is_part_of_the_proof() -> None:
    proof = judge(STAMPED, stamped())
    assert proof == Proof("hmac", "#1", NOW)


def test_milliseconds_and_rfc3339_are_read() -> None:
    for unit, time in (("ms", "1790000000000"), ("rfc3339", "2026-09-21T14:13:20Z")):
        scheme = Hmac(
            "X-Signature",
            signed="{timestamp}{body}",
            timestamp=Timestamp(header="X-Time", unit=unit),
        )
        sent = request(("X-Signature", sign(time.encode() + BODY)), ("X-Time", time))
        assert judge(scheme, sent) == Proof("hmac", "#1", NOW)
        assert outcome(judge(scheme, sent, now=NOW - 301)) == "stale"


def test_one_good_signature_of_several_is_enough() -> None:
    value = ",".join(["t=1790000000", "v1=zz", "v1=" + "0" * 64, "v0=" + "1" * 64])
    good = sign(b"1790000000." + BODY)
    assert isinstance(judge(STAMPED, request(("X-Signature", f"{value},v1={good}"))), Proof)
    assert isinstance(judge(STAMPED, request(("X-Signature", f"{value}, v1={good}"))), Proof)
    assert (
        outcome(judge(STAMPED, request(("X-Signature", f"{value},v0={good}")))) == "bad_signature"
    )


def test_the_label_of_the_key_that_fitted_is_kept() -> None:
    proof = judge(PLAIN, plain(), keys=[b"new" * 8, SECRET, b"older" * 8])
    assert proof == Proof("hmac", "#2")


def test_a_key_judges_each_request_as_if_it_were_the_first() -> None:
    keys = [Key("#1", SECRET)]
    for body in (b"one", b"two", b"one", b""):
        for scheme, sent in ((PLAIN, plain(body=body)), (STAMPED, stamped(body=body))):
            assert isinstance(scheme.verify(sent, keys, NOW, Context()), Proof)
            changed = request(*(tuple(map(bytes.decode, p)) for p in sent.headers.pairs), body=b"x")
            assert isinstance(scheme.verify(changed, keys, NOW, Context()), Refusal)


def test_of_two_secrets_that_fit_the_first_is_named() -> None:
    assert judge(PLAIN, plain(), keys=[b"new" * 8, SECRET, SECRET]) == Proof("hmac", "#2")


SPELLED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@pytest.mark.parametrize("encoding", ["base64", "base64url"])
def test_a_signature_has_one_spelling_only(encoding) -> None:
    """Two bits behind the last byte of 32 belong to nothing, and must not be free."""
    alphabet = SPELLED + ("+/" if encoding == "base64" else "-_")
    altchars = b"+/" if encoding == "base64" else b"-_"
    scheme = Hmac("X-Signature", encoding=encoding)
    value = base64.b64encode(std.digest(SECRET, BODY, "sha256"), altchars).decode()
    assert isinstance(judge(scheme, request(("X-Signature", value))), Proof)
    last = alphabet.index(value[-2])
    for spare in {last ^ 1, last ^ 2, last ^ 3}:
        other = f"{value[:-2]}{alphabet[spare]}="
        assert base64.b64decode(other, altchars) == base64.b64decode(value, altchars)
        assert outcome(judge(scheme, request(("X-Signature", other)))) == "bad_signature"


def test_the_two_base64_alphabets_are_not_mixed() -> None:
    url = Hmac("X-Signature", encoding="base64url")
    both = Hmac("X-Signature", encoding="base64")
    # A body whose signature has a character in which the alphabets differ.
    body = next(
        b
        for n in range(99)
        if b"+" in base64.b64encode(std.digest(SECRET, b := b"%d" % n, "sha256"))
    )
    mac = std.digest(SECRET, body, "sha256")
    plain_value, url_value = base64.b64encode(mac), base64.urlsafe_b64encode(mac)
    assert isinstance(judge(both, request(("X-Signature", plain_value), body=body)), Proof)
    assert isinstance(judge(url, request(("X-Signature", url_value), body=body)), Proof)
    assert outcome(judge(both, request(("X-Signature", url_value), body=body))) == "bad_signature"
    assert outcome(judge(url, request(("X-Signature", plain_value), body=body))) == "bad_signature"


def test_url_method_options_and_headers_can_be_signed() -> None:
    scheme = Hmac("X-Signature", signed="{method} {url}\n{option.app}{header.X-Date}:{body}")
    context = Context("https://hooks.example.com/in/x", {"app": "app-1"})
    signed = b"POST https://hooks.example.com/in/x\napp-12026:" + BODY
    good = [("X-Signature", sign(signed)), ("X-Date", "2026")]
    assert isinstance(judge(scheme, request(*good), context=context), Proof)
    other = Context("https://hooks.example.com/in/x/", {"app": "app-1"})
    assert outcome(judge(scheme, request(*good), context=other)) == "bad_signature"
    assert outcome(judge(scheme, request(*good), context=Context())) == "bad_signature"
    doubled = request(*good, ("x-date", "2026"))
    assert outcome(judge(scheme, doubled, context=context)) == "bad_signature"
    assert scheme.needs() == ("url", "option.app")
    assert scheme.covers("header.x-date")
    assert not scheme.covers("header.X-Signature")


def test_a_template_with_other_braces_keeps_them() -> None:
    scheme = Hmac("X-Signature", signed='{"v":{body}}')
    assert isinstance(judge(scheme, request(("X-Signature", sign(b'{"v":' + BODY + b"}")))), Proof)


def test_a_large_body_behind_a_template_is_hashed_in_parts() -> None:
    body = b"x" * 200_000
    assert isinstance(judge(STAMPED, stamped(body=body)), Proof)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"signed": "{bdy}"}, "no placeholder {bdy}"),
        ({"signed": "{body.x}"}, "no placeholder"),
        ({"signed": "constant"}, "covers nothing"),
        ({"signed": "{url}"}, "covers nothing"),
        ({"signed": "{timestamp}{body}"}, "timestamp"),
        ({"timestamp": Timestamp(header="X-T")}, "prove nothing"),
        ({"signed": "{id}{body}"}, "id_header"),
        ({"algorithm": "sha257"}, "sha257"),
        ({"algorithm": "shake_128"}, "no fixed length"),
        ({"header": ""}, "header"),
        ({"separator": ",", "entry": "v1", "assign": ""}, "assign"),
        ({"signed": "{timestamp}{body}", "timestamp": Timestamp(entry="t")}, "separator"),
    ],
)
def test_parameters_that_make_no_sense_are_named(parameters, words) -> None:
    with pytest.raises(BadScheme, match=words):
        Hmac(**{"header": "X-Signature", **parameters})


def test_a_timestamp_stands_in_exactly_one_place() -> None:
    with pytest.raises(BadScheme):
        Timestamp()
    with pytest.raises(BadScheme):
        Timestamp(header="X-T", entry="t")
    with pytest.raises(BadScheme):
        Timestamp(header="X-T", tolerance=0)


@pytest.mark.parametrize(
    ("encoding", "value", "expected"),
    [
        ("text", b"sixteen-bytes-ok", b"sixteen-bytes-ok"),
        ("hex", b"00ff" * 8, bytes.fromhex("00ff" * 8)),
        ("base64", base64.b64encode(b"k" * 16), b"k" * 16),
        ("whsec", b"whsec_" + base64.b64encode(b"k" * 24), b"k" * 24),
        ("whsec", base64.b64encode(b"k" * 24), b"k" * 24),
    ],
)
def test_a_secret_is_decoded_as_configured(encoding, value, expected) -> None:
    assert Hmac("X", key_encoding=encoding).key(Secret("a", value)).value == expected


@pytest.mark.parametrize(
    ("encoding", "value"),
    [
        ("text", b""),
        ("text", b"fifteen-bytes-x"),
        ("hex", b"00ff" * 7),
        ("hex", b"0x" + b"00" * 16),
        ("hex", b"00 ff " * 16),
        ("base64", base64.b64encode(b"k" * 15)),
        ("base64", b"!" * 24),
        ("base64", base64.b64encode(b"k" * 24)[:8] + b" " + base64.b64encode(b"k" * 24)[8:]),
        ("base64", base64.b64encode(b"k" * 24) + b"!"),
        ("base64", base64.b64encode(b"k" * 25) + base64.b64encode(b"k" * 25)),
        ("whsec", b"whsec_"),
        ("whsec", b"whsec_not base64 at all"),
    ],
)
def test_a_short_or_unreadable_secret_is_no_key_and_is_not_shown(encoding, value) -> None:
    with pytest.raises(BadKey) as raised:
        Hmac("X", key_encoding=encoding).key(Secret("a", value))
    assert not value or value.decode() not in str(raised.value)


def test_no_secret_shows_in_a_repr() -> None:
    secret = Secret("env", SECRET)
    assert SECRET.decode() not in repr(secret) + repr(PLAIN.key(secret))


def test_hashlib_agrees_on_the_length_of_a_signature() -> None:
    for name in hashlib.algorithms_guaranteed - {"shake_128", "shake_256"}:
        Hmac("X", algorithm=name)


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha384", "sha512", "sha3_256"])
@pytest.mark.parametrize("size", [16, 63, 64, 65, 127, 128, 129, 136, 137, 500])
def test_the_keyed_hash_is_the_one_of_the_standard_library(algorithm: str, size: int) -> None:
    value = random.Random(size).randbytes(size)
    scheme, key = Hmac("X-Signature", algorithm=algorithm), Key("#1", value)
    for body in (b"", BODY, b"x" * 70_000):
        signed = request(("X-Signature", std.digest(value, body, algorithm).hex()), body=body)
        assert scheme.verify(signed, [key], NOW, Context()) == Proof("hmac", "#1")


def test_a_proof_gives_the_hash_of_a_body_that_is_all_that_was_signed() -> None:
    proof = judge(PLAIN, plain())
    assert isinstance(proof, Proof)
    assert proof.body_mac == std.digest(SECRET, BODY, "sha256")
    longer = Hmac("X-Signature", signed="{method}{body}")
    proof = judge(longer, request(("X-Signature", sign(b"POST" + BODY)), body=BODY))
    assert isinstance(proof, Proof)
    assert proof.body_mac == b""
