"""Addresses that no outgoing request may reach, however they are written."""

import pytest

from gateway.net.guards import forbidden


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.0.1",
        "::ffff:169.254.169.254",
        "fe80::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "100.100.100.200",
        "168.63.129.16",
        "64:ff9b::a9fe:a9fe",
        "fd20:ce::254",
        "0.0.0.0",
        "::",
        "no address",
    ],
)
def test_it_is_forbidden(address: str) -> None:
    assert forbidden((address, 80))


@pytest.mark.parametrize(
    "peer",
    [
        ("127.0.0.1", 1),
        ("10.0.0.1", 1),
        ("::1", 1, 0, 0),
        ("64:ff9b::a00:1", 1, 0, 0),
        "/run/x",
        "",
    ],
)
def test_the_inside_is_not(peer: object) -> None:
    assert not forbidden(peer)
