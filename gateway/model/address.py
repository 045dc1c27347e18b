"""An IP address as the schemes, the allowlist and the log see it."""

from ipaddress import IPv4Address, IPv6Address

IPAddress = IPv4Address | IPv6Address


def plain(address: IPAddress) -> IPAddress:
    """An IPv4 address that came as ::ffff:a.b.c.d is that IPv4 address (RFC 4291, 2.5.5.2)."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
