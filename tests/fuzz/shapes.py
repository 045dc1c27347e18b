"""Strategies that several targets share: JSON, with what senders and forgers like to write."""

import json

from hypothesis import strategies as st

ODD = (
    "", "0", "-1", "1e400", "NaN", "true", "null", "{}", "[]", "a" * 600, "\x00", "é", "\U0001f600",
    "0000000000000000000000000000000000000000", "refs/heads/main", "refs/tags/v1", "refs/heads/",
    "main", "2026-11-24T03:32:00Z", "2026-11-24T03:32:00+14:00", "2026-11-24 03:32:00 UTC",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:60Z", "JPY", "usd", "EUR", "BHD", "12.50",
    "0.001", "1e-3", "-0", "https://example.com/a/b.git", "git@example.com:a/b.git", "evt_1",
)  # fmt: skip
"""Texts that some rule reads as more than a text."""

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.sampled_from([0, 1, -1, 10**10, 10**13, 10**18, 2**53, 253402300799, 253402300800])
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(ODD)
    | st.text(max_size=12)
)


def values(keys: st.SearchStrategy[str], leaves: int = 12) -> st.SearchStrategy[object]:
    """JSON values with these keys."""
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5),
        max_leaves=leaves,
    )


def dump(value: object) -> bytes:
    """JSON text, as a sender writes it."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
