"""What a provider's published address list is worth: from a document to networks, or a reason.

Pure. A document is taken whole or not at all, so that no mistake in it opens or closes anything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from gateway.providers.pointers import at
from gateway.verify.addresses import Network, parse_network

AT_MOST: Final = 1000
"""Networks in a list. The longest one in use (GitHub's for hooks) has about ten."""
_WIDEST: Final = {4: 12, 6: 24}
"""Shortest prefix that is believed: no sender of webhooks owns more than this, and a list with
0.0.0.0/0 in it would open the source to everybody."""
GRACE: Final = 7 * 86400.0
"""Seconds that a network is still let in after the last list that had it: a list that shrank by
mistake closes nobody out before a person has seen the warning."""


class Unbelievable(ValueError):
    """Why a document is not taken. Holds nothing of the document."""


@dataclass(frozen=True, slots=True)
class Known:
    """A provider's networks, with the time each one was last published (unix seconds)."""

    fetched_at: float
    seen: tuple[tuple[Network, float], ...]

    @property
    def networks(self) -> tuple[Network, ...]:
        """All that are let in."""
        return tuple(network for network, _ in self.seen)


def read(document: bytes, pointers: Sequence[str]) -> tuple[Network, ...]:
    """The networks in a published JSON document. pointers: RFC 6901. Raises `Unbelievable`."""
    try:
        root = orjson.loads(document)
    except ValueError:
        raise Unbelievable("it is not JSON") from None
    found: list[Network] = []
    for pointer in pointers:
        value = at(root, pointer)
        if not isinstance(value, list) or not value:
            raise Unbelievable(f"there is no list at {pointer}, or an empty one")
        found += map(_network, value)
    if len(found) > AT_MOST:
        raise Unbelievable(f"it has more than {AT_MOST} networks")
    return tuple(dict.fromkeys(found))


def _network(value: object) -> Network:
    if not isinstance(value, str):
        raise Unbelievable("an entry is not a text")
    try:
        network = parse_network(value)
    except ValueError:
        raise Unbelievable("an entry is not a network") from None
    if network.prefixlen < _WIDEST[network.version]:
        raise Unbelievable(f"a /{network.prefixlen} is wider than any sender's network")
    if not network.is_global or network.is_multicast:
        raise Unbelievable("an entry is no public network")
    return network


def merge(
    known: Known | None, shipped: Sequence[str], fresh: Sequence[Network], now: float
) -> Known:
    """What is let in after a list came. now: unix seconds.

    known: from the list before; without one the shipped networks count as just published.
    """
    if known is None:
        known = Known(now, tuple((parse_network(one), now) for one in shipped))
    seen = {network: at for network, at in known.seen if now - at <= GRACE}
    seen |= dict.fromkeys(fresh, now)
    return Known(now, tuple(seen.items()))


def dump(known: Known) -> bytes:
    """For the store."""
    seen = {str(network): at for network, at in known.seen}
    return orjson.dumps({"fetched_at": known.fetched_at, "seen": seen})


def load(data: bytes | None, now: float) -> Known | None:
    """What `dump` made, judged like a list that just came; None where there is none that is fit."""
    try:
        value = orjson.loads(data or b"")
        # A clock that was wrong once must not put the next fetch off, or keep a network, for years.
        seen = tuple((_network(text), min(float(at), now)) for text, at in value["seen"].items())
        known = Known(min(float(value["fetched_at"]), now), seen)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return known if known.seen else None
