"""Who may come in, and from where a change may come: rules over plain values, no request objects.

Without users only this machine: a loopback or unix peer, a Host that names this machine (a name
that a stranger's page rebinds to 127.0.0.1 does not), and no forwarding header (a proxy in front
would let the world in).
"""

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final

from gateway.model.address import plain

_HOST: Final = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?", re.IGNORECASE)
_FORWARDING: Final = frozenset(
    {"forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip",
     "cf-connecting-ip", "fastly-client-ip"}
)  # fmt: skip
"""Headers that only a proxy adds; every `X-Forwarded…` counts too."""

UNIX: Final = "unix"
"""The peer's address where it came by a unix socket."""


def outsider(peer: str, hosts: Iterable[str], header_names: Iterable[str]) -> str:
    """Why a request may not come in, for a person; empty: it may.

    peer: the connection's IP address, or `UNIX`; empty: unknown, and so refused.
    hosts: every Host header sent; there must be one.
    """
    if peer != UNIX and not _loopback(peer):
        return (
            "The dashboard answers only this machine. From elsewhere use an SSH tunnel: "
            "ssh -L 8081:127.0.0.1:8081 this-machine, then open http://localhost:8081/"
        )
    named = list(hosts)
    if len(named) != 1 or not _HOST.fullmatch(named[0]):
        return "Open the dashboard as localhost, 127.0.0.1 or [::1]: no other Host is answered."
    for name in header_names:
        lower = name.lower()
        if lower in _FORWARDING or lower.startswith("x-forwarded"):
            return (
                f"A proxy passed this request on ({lower}). Without users the dashboard must not "
                "stand behind one: whoever reaches the proxy would be let in."
            )
    return ""


def foreign(site: str | None, origin: str | None, own: str) -> str:
    """Why a change does not come from a page of ours; empty: it does.

    site: the header Sec-Fetch-Site. origin: the header Origin. own: our scheme and Host
    (`http://localhost:8081`). A browser sends at least one of the two with every POST
    (https://www.w3.org/TR/fetch-metadata/, https://fetch.spec.whatwg.org/#origin-header).
    """
    if site is None and origin is None:
        return "The request does not say which page it came from."
    if site is not None and site != "same-origin":
        return "The request came from a page that is not the dashboard's."
    if origin is not None and origin.lower() != own.lower():
        return "The request came from another origin than the dashboard's."
    return ""


def _loopback(peer: str) -> bool:
    try:
        return plain(ip_address(peer)).is_loopback
    except ValueError:
        return False
