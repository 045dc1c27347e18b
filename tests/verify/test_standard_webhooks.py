"""Standard Webhooks: three headers that belong together, v1 only."""

import base64
import hmac as std

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.verify.base import BadScheme, Proof, Refusal, Secret
from gateway.verify.standard_webhooks import StandardWebhooks
from tests.verify.build import BODY, NOW, SECRET, judge, outcome, request

SCHEME = StandardWebhooks()


def sign(id: str, time: str, body: bytes = BODY, key: bytes = SECRET) -> str:
    mac = std.digest(key, f"{id}.{time}.".encode() + body, "sha256")
    return "v1," + base64.b64encode(mac).decode()


def headers(
    signature: str | None = None,
    id: str = "msg_1",
    time: str = "1790000000",
    family: str = "webhook",
) -> list[tuple[str, str]]:
    signature = sign(id, time) if signature is None else signature
    return [
        (f"{family}-id", id),
        (f"{family}-timestamp", time),
        (f"{family}-signature", signature),
    ]


@pytest.mark.parametrize("family", ["webhook", "svix", "Webhook", "SVIX"])
def test_both_families_of_names_are_read(family) -> None:
    verdict = judge(SCHEME, request(*headers(family=family)))
    assert verdict == Proof("standard-webhooks", "#1", NOW)


@pytest.mark.parametrize("kept", ["id", "timestamp", "signature"])
def test_the_two_families_are_never_mixed(kept) -> None:
    svix = headers(family="svix")
    mixed = [(n.replace("svix", "webhook") if n.endswith(kept) else n, v) for n, v in svix]
    assert isinstance(judge(SCHEME, request(*mixed)), Refusal)
    both = [*svix, *(pair for pair in headers() if pair[0].endswith(kept))]
    assert isinstance(judge(SCHEME, request(*both)), Refusal)


def test_a_list_needs_one_good_v1() -> None:
    good = sign("msg_1", "1790000000")
    for value in (f"v1,AAAA {good}", f"v2,xyz v1a,abc {good}", f"{good} {good}", f" {good} "):
        assert isinstance(judge(SCHEME, request(*headers(value))), Proof)


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "v1",
        "v1,",
        sign("msg_1", "1790000000")[3:],
        sign("msg_1", "1790000000").replace(",", ""),
        sign("msg_1", "1790000000").replace("v1", "v2"),
        sign("msg_1", "1790000000").replace("v1", "v1a"),
        sign("msg_1", "1790000000").replace("v1", "V1"),
        sign("msg_1", "1790000000") + "=",
        sign("msg_1", "1790000000")[:-1],
        "v1," + "0" * 64,
        "v1," + base64.b64encode(bytes(32)).decode(),
        sign("msg_1", "1790000000") + ",v1,AAAA",
        sign("msg_2", "1790000000"),
        sign("msg_1", "1790000001"),
        sign("msg_1", "1790000000", BODY + b" "),
        sign("msg_1", "1790000000", key=b"x" * 32),
        "v1,é" + sign("msg_1", "1790000000")[4:],
    ],
)
def test_another_value_is_refused(value) -> None:
    assert outcome(judge(SCHEME, request(*headers(value)))) == "bad_signature"


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_each_header_must_be_there_once_and_filled(name) -> None:
    good = headers()
    doubled = [*good, *(pair for pair in good if pair[0] == name)]
    assert outcome(judge(SCHEME, request(*doubled))) == "bad_signature"
    empty = [(n, "" if n == name else v) for n, v in good]
    assert outcome(judge(SCHEME, request(*empty))) == "bad_signature"
    absent = [pair for pair in good if pair[0] != name]
    assert outcome(judge(SCHEME, request(*absent))) == "missing_signature"


@pytest.mark.parametrize(
    ("age", "expected"),
    [(300, "proof"), (301, "stale"), (-300, "proof"), (-301, "stale")],
)
def test_the_window_counts_in_both_directions(age, expected) -> None:
    assert outcome(judge(SCHEME, request(*headers()), now=NOW + age)) == expected


@pytest.mark.parametrize(
    "time", ["1790000000.5", "soon", "-5", "١٧٩", "+1790000000", " 1790000000"]
)
def test_a_time_that_is_no_integer_is_refused(time) -> None:
    assert outcome(judge(SCHEME, request(*headers(time=time)))) == "bad_signature"


@given(st.binary(max_size=120), st.binary(max_size=20), st.binary(max_size=20))
def test_any_headers_are_judged_without_an_exception(signature, id, time) -> None:
    pairs = [("webhook-id", id), ("webhook-timestamp", time), ("webhook-signature", signature)]
    assert isinstance(judge(SCHEME, request(*pairs)), Refusal)


def test_the_key_is_base64_after_whsec_unless_said_otherwise() -> None:
    text = b"whsec_" + base64.b64encode(SECRET)
    assert SCHEME.key(Secret("a", text)).value == SECRET
    assert StandardWebhooks(key_encoding="text").key(Secret("a", text)).value == text


def test_what_is_signed_is_said() -> None:
    assert SCHEME.covers("body./id")
    assert SCHEME.covers("header.Webhook-Id")
    assert not SCHEME.covers("header.X-Other")
    with pytest.raises(BadScheme):
        StandardWebhooks(tolerance=-1)
