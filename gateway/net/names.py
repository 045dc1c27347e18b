"""All addresses of a name: what a target with `resolve: all` is spread over."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Final

from gateway.net.guards import forbidden

MOST: Final = 100
"""Addresses taken of one name."""


async def addresses(name: str) -> Sequence[str]:
    """The A and AAAA records (or what the hosts file says), sorted. Raises `OSError`.

    Addresses that are never called are left out.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    hosts = {str(where[0]) for *_, where in found if not forbidden(where)}
    return sorted(hosts)[:MOST]
