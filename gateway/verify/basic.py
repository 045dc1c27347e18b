"""HTTP Basic authentication (RFC 7617). The secret is `user:password`."""

import hmac
from binascii import Error, a2b_base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from gateway.model.request import Request
from gateway.verify import keys as key_bytes
from gateway.verify.base import BadKey, Context, Key, Proof, Refusal, Secret
from gateway.verify.headers import bad, single


@dataclass(frozen=True, slots=True)
class Basic:
    """User and password in `Authorization`."""

    name: ClassVar[str] = "basic"

    def present(self, request: Request) -> bool:
        """Whether `Authorization` is there, of whatever kind."""
        return bool(request.headers.all(b"authorization"))

    def key(self, secret: Secret) -> Key:
        """`user:password` as UTF-8. Raises `BadKey` if it is short or holds no password."""
        key = key_bytes.decode(secret, "text")
        if not key.value.partition(b":")[2]:
            raise BadKey("is not `user:password`")
        return key

    def verify(
        self, request: Request, keys: Sequence[Key], now: float, context: Context
    ) -> Proof | Refusal:
        """Which user and password were sent."""
        sent = single(request.headers, b"authorization")
        if isinstance(sent, Refusal):
            return sent
        scheme, _, value = sent.partition(b" ")
        if scheme.lower() != b"basic":
            return bad("Authorization is not of the kind Basic")
        try:
            # RFC 7235, 2.1: one or more blanks stand after the scheme's name.
            pair = a2b_base64(value.lstrip(b" "), strict_mode=True)
        except Error:
            return bad("Authorization is not base64")
        found: Key | None = None
        for key in keys:
            if hmac.compare_digest(key.value, pair) and found is None:
                found = key
        if found is None:
            return bad("user and password are none of ours")
        return Proof(self.name, found.label)

    def covers(self, ref: str) -> bool:
        """Nothing: a password says nothing about the request it comes with."""
        return False

    def secret_headers(self) -> tuple[str, ...]:
        """`Authorization`."""
        return ("authorization",)

    def needs(self) -> tuple[str, ...]:
        """Nothing."""
        return ()
