"""What a target knows us by, as the plan holds it. No value of it is ever shown."""

import ssl
from dataclasses import dataclass, field
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SigningKey = bytes | Ed25519PrivateKey
"""Of Standard Webhooks: symmetric (`v1`) or asymmetric (`v1a`)."""


@dataclass(frozen=True, slots=True)
class OAuth2:
    """Where a token comes from. Equal ones share theirs."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str
    audience: str
    send: Literal["basic", "body"]
    tls: "Tls | None" = None
    """The target's, where it has one: the two are mostly of one house."""


@dataclass(frozen=True, slots=True)
class BodyHmac:
    """A signature in a header of its own."""

    header: str
    key: bytes = field(repr=False)
    algorithm: Literal["sha256", "sha1", "sha512"]
    encoding: Literal["hex", "base64"]
    prefix: str
    signed: tuple[str, ...]
    """Texts, and `{body}`, `{id}`, `{timestamp}` where those stand."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Whose certificates count and who we are. Equal where the files hold the same."""

    context: ssl.SSLContext = field(compare=False, repr=False)
    digest: str
    """Of the files."""
