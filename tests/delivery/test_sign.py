"""Signatures that Standard Webhooks' own library accepts."""

import base64
import datetime as dt

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from gateway.delivery.sign import signatures
from gateway.model.records import Work
from gateway.model.states import Trigger
from tests.delivery.rendering import call_of
from tests.delivery.setting import target

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
    Webhook("whsec_" + base64.b64encode(key).decode()).verify(call.body, dict(call.headers))
