"""Standard Webhooks, version 1 (https://github.com/standard-webhooks/standard-webhooks).

`webhook-id`, `webhook-timestamp` and `webhook-signature` belong together; where all three are
absent, the `svix-` names of the same are read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from gateway.model.request import Headers, Request
from gateway.verify import keys as key_bytes
from gateway.verify import mac, times
from gateway.verify.base import (
    BadScheme,
    Context,
    Key,
    KeyEncoding,
    Proof,
    Refusal,
    Secret,
)
from gateway.verify.headers import bad, single

_OWN = (b"webhook-id", b"webhook-timestamp", b"webhook-signature")
_ALIAS = (b"svix-id", b"svix-timestamp", b"svix-signature")
_COVERED = frozenset(f"header.{name.decode()}" for name in (*_OWN[:2], *_ALIAS[:2]))
_decode = mac.decoder("base64", 32)


@dataclass(frozen=True, slots=True)
class StandardWebhooks:
    """HMAC-SHA256 over `{id}.{timestamp}.{body}`, base64, in a list of `v1,<value>`."""

    name: ClassVar[str] = "standard-webhooks"

    tolerance: float = 300.0
    key_encoding: KeyEncoding = "whsec"
    """`text` for the senders that use the whole secret as the key."""

    def __post_init__(self) -> None:
        if self.tolerance <= 0:
            raise BadScheme("`tolerance` must be more than nothing")

    def present(self, request: Request) -> bool:
        """Whether a signature header of either spelling is there."""
        return bool(request.headers.all(_OWN[2]) or request.headers.all(_ALIAS[2]))

    def key(self, secret: Secret) -> Key:
        """Decodes a secret. Raises `BadKey` if it is unreadable, empty or under 16 bytes."""
        return key_bytes.decode(secret, self.key_encoding)

    def verify(
        self, request: Request, keys: Sequence[Key], now: float, context: Context
    ) -> Proof | Refusal:
        """Which key fits. The signature is judged before its time: only a true one can be stale."""
        headers = request.headers
        id_name, time_name, signature_name = _names(headers)
        signature = single(headers, signature_name)
        message = single(headers, id_name)
        stamp = single(headers, time_name)
        if isinstance(signature, Refusal):
            return signature
        if isinstance(message, Refusal):
            return message
        if isinstance(stamp, Refusal):
            return stamp
        candidates = [
            candidate
            for version, _, value in (entry.partition(b",") for entry in signature.split(b" "))
            # Versions we do not know are the future's, not a mistake.
            if version == b"v1" and (candidate := _decode(value)) is not None
        ]
        if not candidates:
            return bad("the signature header holds no readable v1 signature")
        parts = (b"%b.%b." % (message, stamp), request.body)
        found = mac.fitting_key(keys, parts, "sha256", candidates)
        if found is None:
            return bad("the signature fits no secret")
        signed_at = times.read(stamp, "s")
        if signed_at is None:
            return bad("the signed time is not an integer")
        return times.outside(signed_at, now, self.tolerance) or Proof(
            self.name, found[0].label, signed_at
        )

    def covers(self, ref: str) -> bool:
        """Body, id and time."""
        return ref.startswith("body") or ref.lower() in _COVERED

    def secret_headers(self) -> tuple[str, ...]:
        """None: a signature does not give its key away."""
        return ()

    def needs(self) -> tuple[str, ...]:
        """Nothing."""
        return ()


def _names(headers: Headers) -> tuple[bytes, bytes, bytes]:
    """One spelling for all three: mixing them would let a second set of headers into a proof."""
    return _OWN if any(headers.all(name) for name in _OWN) else _ALIAS
