"""Signatures that Standard Webhooks' own library accepts."""

import base64
import datetime as dt
import hmac

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from gateway.delivery.sign import signatures
from gateway.model.records import Work
from gateway.model.states import Trigger
from gateway.plan.credentials import BodyHmac
from tests.delivery.rendering import call_of
from tests.delivery.setting import pairs, target

KEYS = st.binary(min_size=24, max_size=64)


@given(KEYS, st.text("abcDEF0123_", min_size=1), st.text())
def test_the_referee_accepts_it(key: bytes, id: str, text: str) -> None:
    now = int(dt.datetime.now(dt.UTC).timestamp())
    headers = {"webhook-id": id, "webhook-timestamp": str(now)}
    body = orjson.dumps({"text": text.encode("utf-8", "replace").decode()})
    headers["webhook-signature"] = signatures((key,), id, now, body)
    Webhook("whsec_" + base64.b64encode(key).decode()).verify(body, headers)


@given(KEYS, KEYS, KEYS)
def test_while_rotating_both_the_old_and_the_new_key_verify(
    old: bytes, new: bytes, other: bytes
) -> None:
    now = int(dt.datetime.now(dt.UTC).timestamp())
    headers = {
        "webhook-id": "dlv_1",
        "webhook-timestamp": str(now),
        "webhook-signature": signatures((old, new), "dlv_1", now, b"{}"),
    }
    for key in (old, new):
        Webhook("whsec_" + base64.b64encode(key).decode()).verify(b"{}", headers)
    if other not in {old, new}:
        with pytest.raises(WebhookVerificationError):
            Webhook("whsec_" + base64.b64encode(other).decode()).verify(b"{}", headers)


@pytest.mark.parametrize("trigger", Trigger)
def test_what_is_sent_is_what_was_signed(trigger: Trigger, event: Work) -> None:
    key = b"k" * 32
    now = dt.datetime.now(dt.UTC).timestamp()
    call = call_of(event, target(sign=(key,)), now=now, trigger=trigger)
    Webhook("whsec_" + base64.b64encode(key).decode()).verify(call.body, dict(pairs(call)))


@given(st.binary(max_size=200))
def test_an_asymmetric_key_signs_as_the_specification_has_it(body: bytes) -> None:
    key = Ed25519PrivateKey.generate()
    both = signatures((b"k" * 32, key), "dlv_1", 7, body).split(" ")
    assert [one.partition(",")[0] for one in both] == ["v1", "v1a"]
    value = base64.b64decode(both[1].partition(",")[2], validate=True)
    key.public_key().verify(value, b"dlv_1.7." + body)


@pytest.mark.parametrize("encoding", ["hex", "base64"])
def test_an_old_services_header_is_the_hmac_it_knows(encoding: str, event: Work) -> None:
    how = BodyHmac("X-Sig", b"key", "sha1", encoding, "sha1=", ("{timestamp}", ".", "{body}"))
    call = call_of(event, target(hmac=how), now=1_790_000_000.9)
    value = hmac.digest(b"key", b"1790000000." + call.body, "sha1")
    said = value.hex() if encoding == "hex" else base64.b64encode(value).decode()
    assert [v for n, v in pairs(call) if n.lower() == "x-sig"] == ["sha1=" + said]
