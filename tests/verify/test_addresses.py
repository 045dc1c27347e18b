"""One address judges a request, and nobody outside chooses it."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.request import Headers
from gateway.verify.addresses import (
    AddressSet,
    Senders,
    Unreadable,
    client_address,
    parse_network,
)

PROXIES = AddressSet([ip_network("127.0.0.1/32"), ip_network("::1/128"), ip_network("10.0.0.0/8")])

REMEMBERED: dict[tuple[str, bool], Senders] = {}
"""By settings: what one test has judged must not be another one's answer."""


def client(header: str | list[str] | None, mode="x-forwarded-for", peer="127.0.0.1", unix=True):
    name = "forwarded" if mode == "forwarded" else "x-forwarded-for"
    values = [header] if isinstance(header, str) else header or []
    headers = Headers(tuple((name.title().encode(), v.encode()) for v in values))
    found = client_address(peer, headers, mode, PROXIES, unix)
    written = found if found is None or isinstance(found, Unreadable) else str(found)
    senders = REMEMBERED.setdefault((mode, unix), Senders(mode, PROXIES, unix))
    for _ in range(2):
        sender = senders.find(peer, headers)
        assert sender.address == found
        assert sender.text == (written if isinstance(written, str) else "")
    return written


def test_what_is_remembered_of_senders_has_an_end() -> None:
    senders = Senders("x-forwarded-for", PROXIES, trust_unix=True)
    for number in range(10_000):
        senders.find("127.0.0.1", Headers(((b"X-Forwarded-For", b"198.51.100.%d" % number),)))
        senders.find("127.0.0.1", Headers(((b"X-Forwarded-For", b"192.0.2.1, " * 20),)))
    kept = [b"".join(values) for _, values in senders._known]
    assert len(kept) <= 4096
    assert max(map(len, kept)) <= 128


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "127.0.0.1"),
        ("203.0.113.9", "203.0.113.9"),
        ("6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("6.6.6.6, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("garbage, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9,", "203.0.113.9"),
        ("203.0.113.9:4711", "203.0.113.9"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("10.9.9.9, 10.1.1.1", "10.9.9.9"),
        (["6.6.6.6", "203.0.113.9"], "203.0.113.9"),
    ],
)
def test_the_right_most_hop_that_is_no_proxy_counts(header, expected) -> None:
    assert client(header) == expected


@pytest.mark.parametrize(
    "header",
    [
        "",
        ",",
        "unknown",
        "6.6.6.6, unknown",
        "203.0.113.9 6.6.6.6",
        "203.0.113.009",
        "203.0.113.9:port",
        "203.0.113.300",
        "[2001:db8::7",
        "203.0.113.0/24",
        "é",
        "_hidden",
        "203.0.113.9, 10.1.1.1, x, 10.2.2.2",
    ],
)
def test_garbage_in_a_believed_hop_is_refused(header) -> None:
    assert isinstance(client(header), Unreadable)


@pytest.mark.parametrize("mode", ["x-forwarded-for", "forwarded"])
def test_a_header_of_an_untrusted_peer_is_ignored(mode) -> None:
    assert client("for=203.0.113.9", mode, peer="198.51.100.1") == "198.51.100.1"
    assert client("garbage\\", mode, peer="198.51.100.1") == "198.51.100.1"


def test_exactly_one_header_is_believed() -> None:
    headers = Headers(((b"Forwarded", b"for=6.6.6.6"), (b"X-Real-IP", b"6.6.6.6")))
    found = client_address("127.0.0.1", headers, "x-forwarded-for", PROXIES, True)
    assert str(found) == "127.0.0.1"
    headers = Headers(((b"X-Forwarded-For", b"6.6.6.6"), (b"Forwarded", b"for=203.0.113.9")))
    assert str(client_address("127.0.0.1", headers, "forwarded", PROXIES, True)) == "203.0.113.9"


def test_mode_peer_believes_nothing() -> None:
    assert client("203.0.113.9", "peer") == "127.0.0.1"
    assert client("203.0.113.9", "peer", peer=None) is None


def test_a_unix_socket_is_believed_only_if_configured() -> None:
    assert client("203.0.113.9", peer=None) == "203.0.113.9"
    assert client("203.0.113.9", peer=None, unix=False) is None
    assert client(None, peer=None) is None


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("for=203.0.113.9", "203.0.113.9"),
        ("For=203.0.113.9;proto=https;by=10.0.0.1", "203.0.113.9"),
        ('for="[2001:db8::7]:4711"', "2001:db8::7"),
        ('for="203.0.113.9:80"', "203.0.113.9"),
        ("for=203.0.113.9:80", "203.0.113.9"),
        ("for=6.6.6.6, for=203.0.113.9, for=10.0.0.2", "203.0.113.9"),
        ('for="\\2\\0\\3.0.113.9"', "203.0.113.9"),
        (["for=6.6.6.6", "for=203.0.113.9"], "203.0.113.9"),
        ('for=6.6.6.6;ext="a, for=7.7.7.7", for=203.0.113.9', "203.0.113.9"),
        ("for=unknown, for=203.0.113.9", "203.0.113.9"),
    ],
)
def test_forwarded_is_read_as_rfc_7239_says(header, expected) -> None:
    assert client(header, "forwarded") == expected


@pytest.mark.parametrize(
    "header",
    [
        "",
        "203.0.113.9",
        "for=",
        'for="203.0.113.9',
        "for=203.0.113.9;for=6.6.6.6",
        "proto=https",
        "for=unknown",
        "for=_hidden",
        "for=203.0.113.9 by=x",
        "for=6.6.6.6, proto=https",
        "for=6.6.6.6, for=unknown, for=10.0.0.2",
        'for=6.6.6.6;x=", for="203.0.113.9"',
    ],
)
def test_a_forwarded_header_of_another_grammar_is_refused(header) -> None:
    assert isinstance(client(header, "forwarded"), Unreadable)


@given(st.text(max_size=60), st.sampled_from(["x-forwarded-for", "forwarded"]))
def test_what_stands_left_of_our_proxy_never_decides(left, mode) -> None:
    own = "for=203.0.113.9" if mode == "forwarded" else "203.0.113.9"
    found = client(f"{left}, {own}", mode)
    assert found == "203.0.113.9" or isinstance(found, Unreadable)


def test_a_set_knows_networks_of_both_families() -> None:
    found = AddressSet([parse_network("192.30.252.0/22"), parse_network("2a0a:a440::/29")])
    assert ip_address("192.30.255.255") in found
    assert ip_address("::ffff:192.30.252.1") in found
    assert ip_address("193.0.0.1") not in found
    assert ip_address("2a0a:a447::1") in found
    assert ip_address("2a0a:a448::1") not in found
    assert ip_address("::c01e:fc01") not in found
    mapped = AddressSet([parse_network("::ffff:192.0.2.0/120")])
    assert ip_address("192.0.2.7") in mapped
    assert ip_address("0.0.0.0") not in AddressSet([])


@given(
    st.lists(st.ip_addresses(v=4).map(int), min_size=1, max_size=5),
    st.integers(0, 32),
    st.ip_addresses(v=4),
)
def test_a_set_agrees_with_the_standard_library(starts, length, address) -> None:
    networks = [ip_network((start, length), strict=False) for start in starts]
    assert (address in AddressSet(networks)) == any(address in network for network in networks)


@pytest.mark.parametrize("text", ["", "10.0.0.1/8", "10.0.0.0/33", "fe80::1%eth0", "example.com"])
def test_what_is_no_network_is_an_error(text) -> None:
    with pytest.raises(ValueError):
        parse_network(text)
    assert str(parse_network("192.0.2.1")) == "192.0.2.1/32"
