"""Other people's libraries as referees: what they sign is a proof here, what they refuse is not."""

import base64
import time
from datetime import UTC, datetime

import pytest
import stripe
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from gateway.verify.base import Proof, Refusal
from gateway.verify.hmac import Hmac, Timestamp
from gateway.verify.standard_webhooks import StandardWebhooks
from tests.verify.build import SECRET, judge, request

STRIPE = Hmac(
    "Stripe-Signature",
    signed="{timestamp}.{body}",
    separator=",",
    entry="v1",
    timestamp=Timestamp(entry="t"),
)
WHSEC = "whsec_" + base64.b64encode(SECRET).decode()
TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60)
IDS = st.text("abcXYZ019_-.", min_size=1, max_size=20)


@settings(max_examples=40)
@given(IDS, TEXTS)
def test_what_standardwebhooks_signs_is_a_proof(id, body) -> None:
    now = int(time.time())
    signature = Webhook(WHSEC).sign(id, datetime.fromtimestamp(now, UTC), body)
    sent = request(
        ("webhook-id", id),
        ("webhook-timestamp", str(now)),
        ("webhook-signature", signature),
        body=body.encode(),
    )
    assert isinstance(judge(StandardWebhooks(), sent, now=now), Proof)


@settings(max_examples=60)
@given(st.sampled_from(["id", "timestamp", "signature", "body"]), st.integers(0, 40))
def test_standardwebhooks_and_we_refuse_the_same_changes(part, at) -> None:
    now = int(time.time())
    body = '{"a": 1}'
    values = {
        "id": "msg_1",
        "timestamp": str(now),
        "signature": Webhook(WHSEC).sign("msg_1", datetime.fromtimestamp(now, UTC), body),
        "body": body,
    }
    text = values[part]
    at %= len(text)
    values[part] = text[:at] + chr(33 + (ord(text[at]) - 32) % 90) + text[at + 1 :]
    theirs = True
    try:
        Webhook(WHSEC).verify(
            values["body"], {f"webhook-{n}": values[n] for n in ("id", "timestamp", "signature")}
        )
    except (WebhookVerificationError, ValueError):
        theirs = False
    sent = request(
        *((f"webhook-{n}", values[n]) for n in ("id", "timestamp", "signature")),
        body=values["body"].encode(),
    )
    ours = judge(StandardWebhooks(), sent, now=now)
    assert isinstance(ours, Proof) == theirs


@settings(max_examples=40)
@given(TEXTS)
def test_what_stripe_signs_is_a_proof(body) -> None:
    secret = "whsec_" + SECRET.decode()
    now = int(time.time())
    signature = stripe.WebhookSignature._compute_signature(f"{now}.{body}", secret)
    header = f"t={now},v1={signature}"
    assert stripe.WebhookSignature.verify_header(body, header, secret, tolerance=300)
    sent = request(("Stripe-Signature", header), body=body.encode())
    assert isinstance(judge(STRIPE, sent, keys=[secret.encode()], now=now), Proof)


@pytest.mark.parametrize("header", ["t={t}", "v1={s}", "t={t},v0={s}", "t={t},v1={s}0", "{s}", ""])
def test_stripe_and_we_refuse_the_same_headers(header) -> None:
    secret = "whsec_" + SECRET.decode()
    now = int(time.time())
    signature = stripe.WebhookSignature._compute_signature(f"{now}.x", secret)
    value = header.format(t=now, s=signature)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header("x", value, secret, tolerance=300)
    sent = request(("Stripe-Signature", value), body=b"x")
    assert isinstance(judge(STRIPE, sent, keys=[secret.encode()], now=now), Refusal)
