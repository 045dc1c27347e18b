"""Connections to the outside: kept and reused by aiohttp, and never to a forbidden address."""

import errno
import socket
from typing import Final

import aiohttp
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import AddrInfoType, Connection
from aiohttp.tracing import Trace

from gateway.net.failures import Forbidden
from gateway.net.guards import forbidden

_NEVER: Final = "link-local and metadata addresses are never called"


def socket_for(address: AddrInfoType) -> socket.socket:
    """A socket to be connected there. Raises where no socket may be connected to.

    The names' addresses come here one by one, so that nothing knocks at a forbidden one, not even
    with TLS's first words.
    """
    family, kind, protocol, _, where = address
    if forbidden(where):
        raise PermissionError(errno.EACCES, _NEVER)
    return socket.socket(family, kind, protocol)


class GuardedConnector(aiohttp.TCPConnector):
    """Looks at the connected socket too, before a request is written to it."""

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  # aiohttp's own signature
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        transport = connection.transport
        if transport is not None and forbidden(transport.get_extra_info("peername")):
            connection.close()
            raise Forbidden(_NEVER)
        return connection
