"""Hashing in pieces is hashing."""

import hashlib

import pytest

from gateway.model.hashing import feed


@pytest.mark.parametrize(
    "size", [0, 1, 2046, 2047, 2048, 4094, 4095, 65_535, 65_536, 65_537, 200_000]
)
def test_the_hash_is_that_of_the_whole(size: int) -> None:
    data = bytes(n % 251 for n in range(size))
    state = hashlib.sha256(b"before")
    feed(state, data)
    assert state.digest() == hashlib.sha256(b"before" + data).digest()
