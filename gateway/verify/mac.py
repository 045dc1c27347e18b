"""The keyed hash itself: computed, decoded and compared in constant time.

Every candidate meets every key: how long that takes depends on their number, never on a secret.
"""

import hashlib
import hmac
from binascii import Error, a2b_base64, b2a_base64, unhexlify
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from gateway.verify.base import BadScheme, Encoding, Key

Decoder = Callable[[bytes], bytes | None]
"""Reads a sent value: the bytes it stands for, or None if it is not exactly of its form."""


def digest_size(algorithm: str) -> int:
    """Bytes of a hash. Raises `BadScheme` for an unknown one or one of no fixed length."""
    try:
        size = hashlib.new(algorithm).digest_size
    except (ValueError, TypeError):
        raise BadScheme(f"there is no hash algorithm {algorithm!r}") from None
    if not size:
        raise BadScheme(f"the hash {algorithm!r} has no fixed length")
    return size


def fitting_key(
    keys: Sequence[Key],
    parts: Sequence[bytes],
    algorithm: str,
    candidates: Sequence[bytes],
) -> tuple[Key, bytes] | None:
    """The first key whose hash of the joined parts is among the candidates, and that hash."""
    found: tuple[Key, bytes] | None = None
    signed = b"".join(parts)
    for key in keys:
        mac = key.mac(algorithm, signed)
        for candidate in candidates:
            if hmac.compare_digest(mac, candidate) and found is None:
                found = key, mac
    return found


def decoder(encoding: Encoding, size: int) -> Decoder:
    """What reads values of a hash with so many bytes."""
    return partial(_DECODERS[encoding], size)


def _hex(size: int, value: bytes) -> bytes | None:
    if len(value) != 2 * size:
        return None
    try:
        return unhexlify(value)
    except Error:
        return None


def _base64(size: int, value: bytes) -> bytes | None:
    try:
        decoded = a2b_base64(value, strict_mode=True)
    except Error:
        return None
    # Only the one canonical spelling counts: no spare bits set behind the last byte.
    canonical = len(decoded) == size and b2a_base64(decoded, newline=False) == value
    return decoded if canonical else None


_FROM_URL = bytes.maketrans(b"-_", b"+/")


def _base64url(size: int, value: bytes) -> bytes | None:
    # RFC 4648, 3.2 lets the padding of this form be left out.
    if b"+" in value or b"/" in value:
        return None
    missing = 0 if value.endswith(b"=") else -len(value) % 4
    return _base64(size, value.translate(_FROM_URL) + b"=" * missing)


_DECODERS: Mapping[Encoding, Callable[[int, bytes], bytes | None]] = {
    "hex": _hex,
    "base64": _base64,
    "base64url": _base64url,
}
