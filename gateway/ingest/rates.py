"""Token buckets, one a key, in bounded memory. The clock is the caller's."""

from collections import OrderedDict
from collections.abc import Hashable
from ipaddress import IPv6Address

from gateway.model.address import IPAddress

KEYS = 65_536
"""Buckets kept: a forgotten one is full again, so an attacker with more addresses than this is
limited less, and never takes memory."""
_IPV6_PREFIX = 64
"""Bits: one customer usually has a whole /64 (RFC 6177), so it counts as one address."""


class Buckets:
    """Each key has `rate` tokens a second and may save up one second of them, at least one."""

    __slots__ = ("_buckets", "_keys")

    def __init__(self, keys: int = KEYS) -> None:
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()
        self._keys = keys

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: Hashable, rate: float, now: float) -> float:
        """Takes a token. Returns 0, or the seconds until there is one. now: monotonic seconds."""
        burst = max(rate, 1.0)
        tokens, at = self._buckets.get(key, (burst, now))
        tokens = min(burst, tokens + max(0.0, now - at) * rate)
        wait = 0.0 if tokens >= 1 else (1 - tokens) / rate
        self._buckets[key] = (tokens if wait else tokens - 1, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > self._keys:
            self._buckets.popitem(last=False)
        return wait


def network_key(address: IPAddress | None) -> Hashable:
    """What counts as one sender: an IPv4 address, an IPv6 /64, or "somebody on the Unix socket"."""
    if isinstance(address, IPv6Address):
        return (6, int(address) >> (128 - _IPV6_PREFIX))
    return None if address is None else (4, int(address))
