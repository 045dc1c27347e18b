"""The signature our targets can check us by: Standard Webhooks, version 1.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence


def signatures(keys: Sequence[bytes], id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: one entry a key, so that a rotation needs no moment."""
    signed = b"%s.%d." % (id.encode(), timestamp) + body
    return " ".join(
        "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode() for key in keys
    )
