"""Addresses no outgoing request may reach: link-local and cloud metadata services.

Checked on the connected socket, so that no name, redirect or second answer of a DNS server can
bring a request there.
"""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from gateway.model.address import plain

FORBIDDEN: Final = tuple(
    ip_network(text)
    for text in (
        "169.254.0.0/16",  # RFC 3927; also where AWS, GCP and Azure serve instance metadata
        "fe80::/10",  # RFC 4291, 2.5.6
        "fd00:ec2::254/128",  # AWS instance metadata over IPv6
        "fd20:ce::254/128",  # GCP metadata over IPv6
        "100.100.100.200/32",  # Alibaba Cloud metadata
        "168.63.129.16/32",  # Azure's host agent
        "192.0.0.192/32",  # Oracle Cloud metadata
        "0.0.0.0/32",  # no address: systems take it for this machine
        "::/128",
    )
)
_NAT64: Final = IPv6Network("64:ff9b::/96")
"""RFC 6052, 2.1: its last 32 bits are the IPv4 address that a translator calls."""


def forbidden(peer: object) -> bool:
    """Whether a connected socket's `getpeername()` is one of these. A unix socket's is not."""
    if not isinstance(peer, tuple) or not peer:
        return False
    return _forbidden(str(peer[0]))


@lru_cache(maxsize=1024)
def _forbidden(text: str) -> bool:
    """Kept, for it is asked at every attempt and of few addresses."""
    try:
        address = plain(ip_address(text.partition("%")[0]))
    except ValueError:
        return True
    if isinstance(address, IPv6Address) and address in _NAT64:
        address = IPv4Address(address.packed[-4:])
    return any(address.version == net.version and address in net for net in FORBIDDEN)
