"""Secrets of senders do not outlive their request."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ingest.masking import mask_body, mask_headers, mask_refused
from gateway.model.request import Headers
from gateway.plan.secrets import Secrets

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
CODE = Secrets(frozenset(), ("/auth/code",))


def test_only_named_headers_and_credentials_are_replaced() -> None:
    sent = ((b"X-Token", b"t"), (b"authorization", b"a"), (b"X-Id", b"1"), (b"x-token", b"u"))
    assert mask_headers(Headers(sent), frozenset({b"x-token"}), "key A").pairs == (
        (b"X-Token", b"[secret: key A]"),
        (b"authorization", b"[secret: authorization]"),
        (b"X-Id", b"1"),
        (b"x-token", b"[secret: key A]"),
    )


@pytest.mark.parametrize(
    "name", [b"X-Gitlab-Token", b"X-Api-Key", b"X-Shared-Secret", b"Cookie", b"X-Auth", b"Passwd"]
)
def test_what_looks_like_a_secret_of_a_refused_request_is_one(name) -> None:
    ((kept, value),) = mask_refused(((name, b"value"),))
    assert kept == name
    assert b"value" not in value


def test_signatures_are_no_secrets() -> None:
    headers = ((b"X-Hub-Signature-256", b"sha256=00"), (b"X-GitHub-Delivery", b"1"))
    assert mask_refused(headers) == headers


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            b'{"auth" : {"code": "s3cret-passcode"}, "n": 1.10}',
            b'{"auth" : {"code": "[secret: A]"}, "n": 1.10}',
        ),
        (
            b'{"auth": {"code": "s\\u00fc\\u00df-passcode"}}',
            b'{"auth": {"code": "[secret: A]"}}',
        ),
        (
            '{"auth": {"code": "süß-passcode"}}'.encode(),
            b'{"auth": {"code": "[secret: A]"}}',
        ),
        (b'{"auth": {"code": "a\\/b\\/c\\/d\\/e"}}', b'{"auth": {"code": "[secret: A]"}}'),
        (b'{"auth": {"code": "\\u0073hort-passcode"}}', b'{"auth": {"code": "[secret: A]"}}'),
        (b'{"auth": {"code": 12}, "n": 12}', b'{"auth": {"code": "[secret: A]"}, "n": 12}'),
        (b'{"auth": {}, "n":1}', b'{"auth": {}, "n":1}'),
        (b'{"auth": {"code": ""}}', b'{"auth": {"code": ""}}'),
    ],
)
def test_a_secret_in_json_is_replaced_and_the_rest_kept(body, expected) -> None:
    masked = mask_body(body, json.loads(body), CODE, "A", JSON)
    if masked != expected:
        assert json.loads(masked) == json.loads(expected)
    assert b"passcode" not in masked


@given(st.text(min_size=1), st.booleans())
def test_no_spelling_of_a_secret_survives(code, ascii_only) -> None:
    body = json.dumps({"auth": {"code": code}}, ensure_ascii=ascii_only)
    raw = body.encode("utf-8", "surrogatepass")
    masked = json.loads(mask_body(raw, json.loads(body), CODE, "A", JSON))
    assert masked == {"auth": {"code": "[secret: A]"}}


def test_a_secret_in_a_form_is_replaced() -> None:
    parsed = {"auth": "pass word/+1", "n": "1"}
    secrets = Secrets(frozenset(), ("/auth",))
    body = b"auth=pass+word%2F%2B1&n=1"
    assert mask_body(body, parsed, secrets, "A", FORM) == b"auth=%5Bsecret%3A+A%5D&n=1"
    lower = b"auth=pass%20word%2f%2b1&n=1"
    assert b"pass" not in mask_body(lower, parsed, secrets, "A", FORM)


def test_a_secret_in_the_json_of_a_form_field_is_replaced() -> None:
    secrets = Secrets(frozenset(), ("/auth/code",), form_field="payload")
    body = b"payload=%7B%22auth%22%3A%7B%22code%22%3A%22s3cret-passcode%22%7D%7D"
    masked = mask_body(body, {"auth": {"code": "s3cret-passcode"}}, secrets, "A", FORM)
    assert b"passcode" not in masked
    assert masked.startswith(b"payload=%7B%22auth")


def test_a_secret_under_a_name_with_a_slash_is_replaced_however_it_is_written() -> None:
    secrets = Secrets(frozenset(), ("/a~1b/code",))
    body = b'{"a/b": {"code": "s3cret\\u002dpasscode"}}'
    masked = mask_body(body, {"a/b": {"code": "s3cret-passcode"}}, secrets, "A", JSON)
    assert b"passcode" not in masked
