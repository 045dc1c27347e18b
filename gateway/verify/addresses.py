"""Who sends: sets of networks, and the one address that a request is judged by.

Pure. A forwarding header is believed only when a trusted proxy hands it over, and then only up to
the first hop that is not such a proxy: everything left of that the sender may have made up.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Literal

from gateway.model.address import IPAddress, plain
from gateway.model.request import Headers

Network = IPv4Network | IPv6Network
ClientAddressMode = Literal["x-forwarded-for", "forwarded", "peer"]

_MAPPED = ip_network("::ffff:0:0/96")
_KNOWN = 4096
"""Senders that are remembered."""
_LONGEST_KNOWN = 128
"""Bytes of forwarding headers up to which that is done: strangers write what they like there."""


class AddressSet:
    """A set of networks with a lookup that costs one hash a prefix length, however many they are."""

    __slots__ = ("_tables", "networks")

    def __init__(self, networks: Iterable[Network]) -> None:
        self.networks = tuple(_plain_network(network) for network in networks)
        tables: dict[tuple[int, int], set[int]] = {}
        for network in self.networks:
            shift = network.max_prefixlen - network.prefixlen
            tables.setdefault((network.version, shift), set()).add(
                int(network.network_address) >> shift
            )
        self._tables = tuple(
            (version, shift, frozenset(t)) for (version, shift), t in tables.items()
        )

    def __contains__(self, address: IPAddress) -> bool:
        address = plain(address)
        number, version = int(address), address.version
        # No `any(…)`: a generator costs more than the two look-ups there mostly are.
        for v, shift, table in self._tables:  # noqa: SIM110
            if v == version and number >> shift in table:
                return True
        return False

    def __len__(self) -> int:
        return len(self.networks)

    def __repr__(self) -> str:
        return f"AddressSet({', '.join(map(str, self.networks))})"


def parse_network(text: str) -> Network:
    """A CIDR or a bare address. Raises `ValueError` that says what is wrong with it."""
    if "%" in text:
        raise ValueError(f"{text!r} has a zone, which no allowlist can use")
    try:
        return ip_network(text.strip())
    except ValueError as error:
        raise ValueError(str(error)) from None


def _plain_network(network: Network) -> Network:
    """`::ffff:a.b.c.d/120` is the IPv4 network it stands for (RFC 4291, 2.5.5.2)."""
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):  # type: ignore[arg-type]  # _MAPPED is IPv6
        base = int(network.network_address) & 0xFFFF_FFFF
        return IPv4Network((base, network.prefixlen - 96))
    return network


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A forwarding header of a trusted proxy that does not name an address."""

    reason: str
    """For the operator; holds nothing that was sent."""


def client_address(
    peer: str | None,
    headers: Headers,
    mode: ClientAddressMode,
    trusted: AddressSet,
    trust_unix: bool,
) -> IPAddress | Unreadable | None:
    """The address a request is judged by.

    peer: the connection's other end, None for a Unix socket.
    Returns None where there is no address at all: a Unix socket without a (believed) header.
    """
    address = None if peer is None else _address(peer)
    if mode == "peer":
        return address
    believed = trust_unix if address is None else address in trusted
    if not believed:
        return address
    values = headers.all(mode.encode())
    if not values:
        return address
    # RFC 9110, 5.3: a list sent in several fields is the list of them joined, in order.
    joined = b", ".join(values)
    if not joined.isascii():
        return Unreadable(f"{mode} is not ASCII")
    hops = _forwarded(joined.decode()) if mode == "forwarded" else joined.decode().split(",")
    return _first_foreign(hops, mode, trusted)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends."""

    address: IPAddress | Unreadable | None
    """See `client_address`."""
    text: str
    """The address written out; empty where there is none."""


class Senders:
    """`client_address` with one server's settings, and a memory: few senders send much."""

    __slots__ = ("_header", "_known", "_mode", "_trust_unix", "_trusted")

    def __init__(self, mode: ClientAddressMode, trusted: AddressSet, trust_unix: bool) -> None:
        self._mode: ClientAddressMode = mode
        self._header = b"" if mode == "peer" else mode.encode()
        self._trusted = trusted
        self._trust_unix = trust_unix
        self._known: dict[tuple[str | None, tuple[bytes, ...]], Sender] = {}

    def find(self, peer: str | None, headers: Headers) -> Sender:
        """Who sends a request with these headers. peer: see `client_address`."""
        said = (peer, headers.all(self._header))
        return self._known.get(said) or self._judge(peer, headers, said)

    def _judge(
        self, peer: str | None, headers: Headers, said: tuple[str | None, tuple[bytes, ...]]
    ) -> Sender:
        found = client_address(peer, headers, self._mode, self._trusted, self._trust_unix)
        sender = Sender(found, "" if found is None or isinstance(found, Unreadable) else str(found))
        if sum(map(len, said[1])) <= _LONGEST_KNOWN:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            self._known[said] = sender
        return sender


def _first_foreign(
    hops: list[str] | None, mode: str, trusted: AddressSet
) -> IPAddress | Unreadable:
    """The right-most hop that is not a trusted proxy; the left-most where all of them are."""
    address: IPAddress | None = None
    for hop in reversed(hops or []):
        text = hop.strip(" \t")
        if not text:
            continue  # RFC 9110, 5.6.1.2: empty list elements are ignored
        address = _node(text)
        if address is None:
            return Unreadable(f"{mode} holds something that is not an address")
        if address not in trusted:
            return address
    return Unreadable(f"{mode} names no address") if address is None else address


# RFC 7239, 6: node = nodename [ ":" node-port ]; X-Forwarded-For takes bare IPv6 as well.
_NODE = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::\d{1,5})?")


def _node(text: str) -> IPAddress | None:
    match = _NODE.fullmatch(text)
    return _address((match[1] or match[2]) if match else text)


@lru_cache(maxsize=4096)
def _address(text: str) -> IPAddress | None:
    # A zone (`fe80::1%eth0`) is a matter of this machine, not of the address.
    try:
        return plain(ip_address(text.partition("%")[0]))
    except ValueError:
        return None


# RFC 7239, 4: forwarded-pair = token "=" ( token / quoted-string ); RFC 9110, 5.6 for both.
_PAIR = re.compile(
    r"""[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([!#$%&'*+.^_`|~0-9A-Za-z:-]+|"(?:[^"\\]|\\.)*")[ \t]*"""
)


def _forwarded(text: str) -> list[str] | None:
    """The `for` of each element, in order; "" where an element has none; None: not the grammar.

    A colon in an unquoted value (`for=10.0.0.1:80`) is not RFC 7239, but proxies send it.
    """
    hops: list[str] = []
    position = 0
    element: dict[str, str] = {}
    while position < len(text):
        pair = _PAIR.match(text, position)
        if pair is None:
            return None
        name, value = pair[1].lower(), pair[2]
        if name in element:
            return None
        element[name] = re.sub(r"\\(.)", r"\1", value[1:-1]) if value[0] == '"' else value
        position = pair.end()
        end = text[position : position + 1]
        if end in (",", ""):
            hops.append(element.get("for", "unknown"))
            element = {}
        elif end != ";":
            return None
        position += 1
    return hops
