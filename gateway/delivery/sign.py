"""The signatures our targets can check us by: Standard Webhooks, and an HMAC in an old header.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence

from gateway.plan.credentials import BodyHmac, SigningKey


def signatures(keys: Sequence[SigningKey], id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one entry a key, so that a rotation needs no moment."""
    signed = b"%s.%d." % (id.encode(), timestamp) + body
    return " ".join(_signature(key, signed) for key in keys)


def _signature(key: SigningKey, signed: bytes) -> str:
    if isinstance(key, bytes):
        version, value = "v1", hmac.digest(key, signed, hashlib.sha256)
    else:
        version, value = "v1a", key.sign(signed)
    return f"{version},{base64.b64encode(value).decode()}"


def body_hmac(how: BodyHmac, id: str, timestamp: int, body: bytes) -> str:
    """The value of a service's own header."""
    parts = {"{body}": body, "{id}": id.encode(), "{timestamp}": b"%d" % timestamp}
    signed = b"".join([parts.get(part, part.encode()) for part in how.signed])
    value = hmac.digest(how.key, signed, how.algorithm)
    return how.prefix + (value.hex() if how.encoding == "hex" else base64.b64encode(value).decode())
