"""How a configured secret becomes key bytes, and how short it may be.

Nothing here compares anything, and no text raised here shows a byte of the secret.
"""

import binascii
from collections.abc import Callable, Mapping

from gateway.verify.base import BadKey, Key, KeyEncoding, Secret

SHORTEST = 16
"""Bytes, after decoding: below 128 bits a secret can be guessed from one signed request."""


def decode(secret: Secret, encoding: KeyEncoding) -> Key:
    """The key of a secret. Raises `BadKey` if it is empty, unreadable or short."""
    if not secret.value:
        raise BadKey("is empty")
    return long_enough(Key(secret.label, _DECODERS[encoding](secret.value)))


def long_enough(key: Key) -> Key:
    """The key itself. Raises `BadKey` if it is short."""
    if len(key.value) < SHORTEST:
        raise BadKey(f"is shorter than {SHORTEST} bytes after decoding")
    return key


def raw(value: bytes, encoding: KeyEncoding) -> bytes:
    """The decoded bytes, of whatever length. Raises `BadKey` if they are unreadable."""
    return _DECODERS[encoding](value)


def _hex(value: bytes) -> bytes:
    try:
        return binascii.unhexlify(value)
    except binascii.Error:
        raise BadKey("is not hexadecimal") from None


def _base64(value: bytes) -> bytes:
    try:
        return binascii.a2b_base64(value, strict_mode=True)
    except binascii.Error:
        raise BadKey("is not base64") from None


def _whsec(value: bytes) -> bytes:
    return _base64(value.removeprefix(b"whsec_"))


_DECODERS: Mapping[KeyEncoding, Callable[[bytes], bytes]] = {
    "text": bytes,
    "hex": _hex,
    "base64": _base64,
    "whsec": _whsec,
}
