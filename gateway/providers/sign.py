"""Signing requests as senders do, for `gateway send`, `gateway dev` and the tests.

Written apart from the verifier on purpose: of `gateway.verify` it reads nothing but the schemes'
fields, so that a mistake there is not repeated here. Verifying stays out of this file.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.errors import GatewayError
from gateway.verify.base import Scheme
from gateway.verify.basic import Basic
from gateway.verify.hmac import Hmac
from gateway.verify.standard_webhooks import StandardWebhooks
from gateway.verify.token import Token

Pairs = Sequence[tuple[str, str]]
"""Headers, in order."""


class CannotSign(GatewayError):
    """A request that cannot be signed; the text says why and shows no secret."""


def sign(
    scheme: Scheme,
    secret: bytes,
    *,
    method: str,
    headers: Pairs,
    body: bytes,
    url: str,
    options: Mapping[str, str],
    now: float,
) -> list[tuple[str, str]]:
    """The headers that a sender of this scheme adds to a request.

    secret: as configured, not decoded. headers: those the request has already; a signed one is
    read there, and an id that is there is kept. url: the public one that the sender calls.
    options: the source's. now: unix seconds, the time that is signed.
    Raises `CannotSign` if the secret cannot be read or something signed is missing.
    """
    match scheme:
        case Hmac():
            return _hmac(scheme, secret, _Request(method, headers, body, url, options), now)
        case StandardWebhooks():
            return _standard(scheme, secret, headers, body, now)
        case Token():
            return [(scheme.header, scheme.prefix + _text(secret))]
        case Basic():
            return [("Authorization", "Basic " + base64.b64encode(secret).decode())]
        case _:
            raise CannotSign(f"there is no signer for the scheme {scheme.name}")


@dataclass(frozen=True, slots=True)
class _Request:
    """What a template may ask for."""

    method: str
    headers: Pairs
    body: bytes
    url: str
    options: Mapping[str, str]

    def value(self, name: str) -> bytes:
        """What a placeholder stands for; `{timestamp}` and `{id}` are the caller's."""
        kind, _, rest = name.partition(".")
        if kind == "header":
            return self.header(rest).encode()
        if kind == "option":
            if rest not in self.options:
                raise CannotSign(f"the option {rest} is signed and not set")
            return self.options[rest].encode()
        return {"body": self.body, "method": self.method.encode(), "url": self.url.encode()}[name]

    def header(self, name: str) -> str:
        """A header that the request has already."""
        found = _header(self.headers, name)
        if found is None:
            raise CannotSign(f"the header {name} is signed and not there")
        return found


# ---------------------------------------------------------------- keyed hashes

_PLACEHOLDER = re.compile(
    r"\{(body|timestamp|id|url|method|header\.[A-Za-z0-9-]+|option\.[A-Za-z0-9_]+)\}"
)


def _hmac(scheme: Hmac, secret: bytes, request: _Request, now: float) -> list[tuple[str, str]]:
    time = scheme.timestamp
    stamp = _stamp(now, time.unit) if time else ""
    parts: list[bytes] = []
    # re.split with a group gives text and placeholders in turn.
    for index, piece in enumerate(_PLACEHOLDER.split(scheme.signed)):
        if index % 2 == 0:
            parts.append(piece.encode())
        elif piece == "timestamp":
            parts.append(stamp.encode())
        elif piece == "id":
            parts.append(request.header(scheme.id_header).encode())
        else:
            parts.append(request.value(piece))
    key = _key(secret, scheme.key_encoding)
    digest = hmac.new(key, b"".join(parts), scheme.algorithm).digest()
    value = _encode(digest, scheme.encoding)
    if scheme.entry:
        value = f"{scheme.entry}{scheme.assign}{value}"
    if time and time.entry:
        value = f"{time.entry}{scheme.assign}{stamp}{scheme.separator}{value}"
    signed = [(scheme.header, scheme.prefix + value)]
    return [(time.header, stamp), *signed] if time and time.header else signed


def _stamp(now: float, unit: str) -> str:
    if unit == "rfc3339":
        return datetime.fromtimestamp(int(now), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(int(now * 1000) if unit == "ms" else int(now))


def _encode(digest: bytes, encoding: str) -> str:
    if encoding == "hex":
        return digest.hex()
    coder = base64.urlsafe_b64encode if encoding == "base64url" else base64.b64encode
    return coder(digest).decode()


def _key(secret: bytes, encoding: str) -> bytes:
    try:
        if encoding == "hex":
            return bytes.fromhex(secret.decode())
        if encoding == "whsec":
            return base64.b64decode(secret.removeprefix(b"whsec_"), validate=True)
        if encoding == "base64":
            return base64.b64decode(secret, validate=True)
    except ValueError:
        raise CannotSign(f"the secret is not {encoding}") from None
    return secret


# ---------------------------------------------------------------- Standard Webhooks


def _standard(
    scheme: StandardWebhooks, secret: bytes, headers: Pairs, body: bytes, now: float
) -> list[tuple[str, str]]:
    """https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"""
    stamp = str(int(now))
    given = _header(headers, "webhook-id")
    own = given or _made_id(headers, body, stamp)
    signed = b".".join((own.encode(), stamp.encode(), body))
    digest = hmac.new(_key(secret, scheme.key_encoding), signed, hashlib.sha256).digest()
    added = [
        ("webhook-timestamp", stamp),
        ("webhook-signature", "v1," + base64.b64encode(digest).decode()),
    ]
    return added if given else [("webhook-id", own), *added]


def _made_id(headers: Pairs, body: bytes, stamp: str) -> str:
    """An id for a request that brings none: the same for the same request at the same second."""
    told = "".join(f"{name}:{value}\n" for name, value in headers)
    return "msg_" + hashlib.sha256(f"{stamp}\n{told}".encode() + body).hexdigest()[:32]


def _header(headers: Pairs, name: str) -> str | None:
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


def _text(secret: bytes) -> str:
    if not secret.isascii():
        raise CannotSign("the secret holds characters that a header cannot carry")
    return secret.decode("ascii")
