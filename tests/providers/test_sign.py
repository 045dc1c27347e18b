"""The signers agree with the verifier and with the senders' own libraries, and share no code."""

import ast
import base64
import inspect
import json
import time
from dataclasses import dataclass
from typing import ClassVar

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from gateway import providers
from gateway.model.request import Headers, Request
from gateway.providers import sampling, sign
from gateway.verify.base import Context, Key, Proof, Refusal, Secret
from gateway.verify.basic import Basic
from gateway.verify.hmac import Hmac, Timestamp
from gateway.verify.standard_webhooks import StandardWebhooks
from gateway.verify.token import Token
from gateway.verify.verifier import bind

NOW = 1_790_000_000.25
TEXT = b"a-secret-of-more-than-sixteen-bytes"
WHSEC = b"whsec_" + base64.b64encode(bytes(range(32)))
URL = "https://hooks.example.com/in/shop"


def signed(scheme, secret, *, body=b'{"a":1}', headers=(), options=None, now=NOW):
    added = sign.sign(
        scheme,
        secret,
        method="POST",
        headers=headers,
        body=body,
        url=URL,
        options=options or {},
        now=now,
    )
    return (*headers, *added)


def request(headers, body=b'{"a":1}'):
    pairs = tuple((name.encode(), value.encode()) for name, value in headers)
    return Request("POST", "/in/shop", b"", Headers(pairs), body)


SCHEMES = {
    "plain": (Hmac("X-Sig"), TEXT),
    "prefixed": (Hmac("X-Sig", prefix="sha256=", algorithm="sha512"), TEXT),
    "base64": (Hmac("X-Sig", encoding="base64", key_encoding="whsec"), WHSEC),
    "base64url": (Hmac("X-Sig", encoding="base64url", key_encoding="hex"), TEXT.hex().encode()),
    "key in base64": (Hmac("X-Sig", key_encoding="base64"), base64.b64encode(TEXT)),
    "url and method": (Hmac("X-Sig", signed="{method} {url}\n{body}"), TEXT),
    "header and option": (Hmac("X-Sig", signed="{option.app}:{header.X-Nonce}:{body}"), TEXT),
    "braces that mean nothing": (Hmac("X-Sig", signed='{{"x"}}{body}'), TEXT),
    "id": (Hmac("X-Sig", signed="{id}.{body}", id_header="X-Nonce"), TEXT),
    "time beside": (
        Hmac("X-Sig", signed="v0:{timestamp}:{body}", timestamp=Timestamp(header="X-Time")),
        TEXT,
    ),
    "time in text": (
        Hmac(
            "X-Sig",
            signed="{timestamp}.{body}",
            timestamp=Timestamp(header="X-Time", unit="rfc3339"),
        ),
        TEXT,
    ),
    "time among": (
        Hmac(
            "X-Sig",
            signed="{timestamp}.{body}",
            separator=";",
            entry="h1",
            assign=":",
            timestamp=Timestamp(entry="ts", unit="ms"),
        ),
        TEXT,
    ),
    "token": (Token("X-Token"), TEXT),
    "bearer": (Token("Authorization", prefix="Bearer "), TEXT),
    "basic": (Basic(), b"shop:a-long-enough-password"),
    "standard webhooks": (StandardWebhooks(), WHSEC),
    "standard webhooks, text key": (StandardWebhooks(key_encoding="text"), TEXT),
}


@pytest.mark.parametrize("name", SCHEMES)
@given(body=st.binary(max_size=200))
def test_what_is_signed_is_proven_and_nothing_else_is(name, body):
    scheme, secret = SCHEMES[name]
    options = {"app": "2021"}
    headers = signed(scheme, secret, body=body, headers=[("X-Nonce", "n-1")], options=options)
    context = Context(url=URL, options=options)
    key = scheme.key(Secret("own", secret))
    assert isinstance(scheme.verify(request(headers, body), [key], NOW, context), Proof)
    other = Key("other", key.value[::-1] + b"x")
    assert isinstance(scheme.verify(request(headers, body), [other], NOW, context), Refusal)
    if scheme.covers("body"):
        changed = request(headers, body + b" ")
        assert isinstance(scheme.verify(changed, [key], NOW, context), Refusal)


def test_an_id_that_is_there_is_signed_and_not_doubled():
    headers = signed(StandardWebhooks(), WHSEC, headers=[("Webhook-Id", "msg_1")])
    assert [value for name, value in headers if name.lower() == "webhook-id"] == ["msg_1"]


def test_a_request_without_id_gets_one_and_another_request_another():
    first, again, other = (
        dict(signed(StandardWebhooks(), WHSEC, headers=[("X-A", value)]))["webhook-id"]
        for value in ("1", "1", "2")
    )
    assert first == again != other


def test_the_standard_webhooks_library_believes_us():
    headers = dict(signed(StandardWebhooks(), WHSEC, body=b'{"a":1}', now=time.time()))
    assert Webhook(WHSEC.decode()).verify('{"a":1}', headers) == {"a": 1}


def test_the_stripe_library_believes_us():
    declaration = providers.load("stripe")
    secret = "whsec_OwnTestSecret0123456789"
    for sample in sampling.load("stripe"):
        headers = signed(
            declaration.ways[0].scheme, secret.encode(), body=sample.body, now=time.time()
        )
        header = dict(headers)["Stripe-Signature"]
        if json.loads(sample.body)["object"] == "event":
            event = stripe.Webhook.construct_event(sample.body, header, secret)
            assert event.id == json.loads(sample.body)["id"]
        else:
            assert stripe.WebhookSignature.verify_header(sample.body.decode(), header, secret, 300)


def test_we_believe_the_stripe_library_and_refuse_what_it_lets_pass():
    secret = b"whsec_OwnTestSecret0123456789"
    scheme = providers.load("stripe").ways[0].scheme
    key = scheme.key(Secret("own", secret))

    def verdict(stamp):
        header = stripe.WebhookSignature.generate_signature_header(
            '{"a":1}', secret.decode(), timestamp=stamp
        )
        sent = request([("Stripe-Signature", header)])
        return scheme.verify(sent, [key], NOW, Context())

    assert isinstance(verdict(int(NOW)), Proof)
    assert isinstance(verdict(int(NOW) - 301), Refusal)
    # The library's own check knows old times only.
    assert isinstance(verdict(int(NOW) + 302), Refusal)


@pytest.mark.parametrize(
    ("scheme", "secret", "told"),
    [
        (Hmac("X-Sig", key_encoding="hex"), b"not-hex-at-all-secret", "not hex"),
        (StandardWebhooks(), b"whsec_???secret", "not whsec"),
        (Hmac("X-Sig", signed="{header.X-Date}{body}"), TEXT, "X-Date"),
        (Hmac("X-Sig", signed="{option.app}{body}"), TEXT, "app"),
        (Token("X-Token"), "zw\u00f6lf-secret".encode(), "cannot carry"),
    ],
)
def test_what_cannot_be_signed_says_why_without_the_secret(scheme, secret, told):
    with pytest.raises(sign.CannotSign, match=told) as caught:
        signed(scheme, secret)
    assert "secret-of" not in str(caught.value)
    assert "not-hex-at-all" not in str(caught.value)
    assert "???" not in str(caught.value)


def test_an_unknown_scheme_cannot_be_signed():
    @dataclass(frozen=True)
    class Future(Token):
        name: ClassVar[str] = "x509"

    class Other:
        name = "x509"

    assert signed(Future("X-Token"), TEXT)
    with pytest.raises(sign.CannotSign, match="x509"):
        signed(Other(), TEXT)


def test_the_signer_uses_nothing_of_the_verifier_but_the_schemes_fields():
    tree = ast.parse(inspect.getsource(sign))
    imported = {
        (node.module, alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gateway.verify")
        for alias in node.names
    }
    assert imported == {
        ("gateway.verify.base", "Scheme"),
        ("gateway.verify.basic", "Basic"),
        ("gateway.verify.hmac", "Hmac"),
        ("gateway.verify.standard_webhooks", "StandardWebhooks"),
        ("gateway.verify.token", "Token"),
    }
    called = {
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert not called & {"verify", "key", "present", "fill"}


SECRETS = {
    "gitlab": [b"glpat-own-token-of-a-hook", WHSEC],
    "stripe": [b"whsec_Own0123456789abcdef"],
}


@pytest.mark.parametrize("name", providers.names())
def test_every_sample_of_every_provider_signed_its_way_is_proven(name):
    declaration = providers.load(name)
    for secret in SECRETS.get(name, [TEXT]):
        verifier = bind(
            declaration.ways, [Secret("own", secret)], declaration.option_defaults(), Context()
        )
        assert not isinstance(verifier, list), verifier
        for sample in sampling.load(name):
            for bound in verifier.bound:
                headers = signed(bound.scheme, secret, body=sample.body, headers=sample.headers)
                verdict = verifier.verify(request(headers, sample.body), NOW)
                assert isinstance(verdict, Proof), (sample.name, verdict)
