"""Headers of a target: which names are the gateway's own."""

from typing import Final

_OURS: Final = frozenset(
    {"content-length", "content-type", "host", "transfer-encoding", "connection", "traceparent"}
)
_OURS_BEGIN: Final = ("webhook-", "gateway-")
"""A second one of these would let a target read another truth than the one that was signed."""


def is_ours(header: str) -> bool:
    """Whether it cannot be set in the file."""
    lower = header.lower()
    return lower in _OURS or lower.startswith(_OURS_BEGIN)
