"""Mistakes with allowlists and with the address that a request is judged by."""

from tests.mutants.mutant import mutant

_NOWHERE = "                return True\n        return False\n"

ADDRESSES = (
    mutant(
        "allowlist-empty-means-all",
        "an allowlist that came out empty lets everybody in",
        ("addresses", _NOWHERE, _NOWHERE.replace("False", "not self._tables")),
    ),
    mutant(
        "allowlist-mixes-versions",
        "an IPv6 address passes as the IPv4 address of its last bits",
        ("addresses", "if v == version and number", "if number"),
    ),
    mutant(
        "allowlist-mapped-network",
        "a network written as ::ffff:… lets nobody in",
        ("addresses", "tuple(_plain_network(network) for network in networks)", "tuple(networks)"),
    ),
    mutant(
        "mapped-address-is-ipv6",
        "behind a dual-stack socket the allowlist and the proxies are others",
        ("addresses", "        address = plain(address)\n", ""),
    ),
    mutant(
        "mapped-hop-is-ipv6",
        "one sender has two addresses",
        (
            "addresses",
            'return plain(ip_address(text.partition("%")[0]))',
            'return ip_address(text.partition("%")[0])',
        ),
    ),
    mutant(
        "left-most-hop-believed",
        "the sender writes its own address",
        ("addresses", "for hop in reversed(hops or []):", "for hop in hops or []:"),
    ),
    mutant(
        "any-peer-believed",
        "the sender writes its own address",
        (
            "addresses",
            "believed = trust_unix if address is None else address in trusted",
            "believed = trust_unix if address is None else True",
        ),
    ),
    mutant(
        "unix-always-believed",
        "a proxy that is not trusted writes the address",
        (
            "addresses",
            "believed = trust_unix if address is None else address in trusted",
            "believed = True if address is None else address in trusted",
        ),
    ),
    mutant(
        "unreadable-hop-skipped",
        "what stands left of garbage is believed",
        (
            "addresses",
            '            return Unreadable(f"{mode} holds something that is not an address")\n',
            "            continue\n",
        ),
    ),
    mutant(
        "first-of-several-fields",
        "the field the sender sent is believed, not the proxy's",
        ("addresses", 'joined = b", ".join(values)', "joined = values[0]"),
    ),
    mutant(
        "forwarded-doubled-for",
        "of two addresses in one element the last is believed",
        ("addresses", "        if name in element:\n            return None\n", ""),
    ),
    mutant(
        "forwarded-without-for",
        "a proxy's hop that hides the address is passed over",
        ("addresses", 'element.get("for", "unknown")', 'element.get("for", "")'),
    ),
    mutant(
        "peer-mode-believes",
        "a header is believed where none is to be",
        (
            "addresses",
            '    if mode == "peer":\n        return address\n',
            '    if mode == "peer":\n        mode = "x-forwarded-for"\n',
        ),
    ),
    mutant(
        "network-with-host-bits",
        "a typing mistake opens a whole network",
        ("addresses", "return ip_network(text.strip())", "return ip_network(text.strip(), strict=False)"),
    ),
)  # fmt: skip
