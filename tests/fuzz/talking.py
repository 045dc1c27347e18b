"""A sender on a connection to a real listener, on the loop's own clock."""

import asyncio
import os
import re
import socket
import struct

from gateway.ingest.judge import Judge
from gateway.ingest.server import PublicServer, listen
from tests.fuzz.target import promise
from tests.ingest.wire import post

REAL = ("tcp", "unix")
"""Kinds of sockets that are really bound."""
SILENCE = re.compile(rb"\{([0-9]{1,3})\}")
"""Instead of a write: so many seconds in which the sender says nothing."""
_RESET = struct.pack("ii", 1, 0)
"""For SO_LINGER: closing throws away what is on its way, and resets the connection."""


async def talk(judge: Judge, writes: list[bytes], words: list[str]) -> tuple[bytes, bool]:
    """What came back, and whether the connection broke off."""
    crowded = "full" in words or "idle" in words
    server = PublicServer(judge, connections=1) if crowded else PublicServer(judge)
    other = None
    if crowded:
        _, other = await _connected(server, "")
        if "full" in words:
            other.send(post(length=100))
        if "asked" in words:
            other.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.sleep(0.01)
    kind = "tcp" if "reset" in words else next((w for w in words if w in REAL), "")
    listening, theirs = await _connected(server, kind)
    if "reset" in words:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    reader, writer = await asyncio.open_connection(sock=theirs)
    company = await _company(server, writes) if "company" in words else []
    read, cut_off, ending = b"", False, None
    try:
        for number, piece in enumerate(writes[:8]):
            if "ending" in words and number == len(writes[:8]) - 1:
                ending = asyncio.create_task(server.shutdown(3.0))
                await asyncio.sleep(0)
            if silence := SILENCE.fullmatch(piece):
                await asyncio.sleep(int(silence[1]))
                continue
            writer.write(piece)
            await writer.drain()
            if "hasty" not in words:
                await asyncio.sleep(0.01)
        if "gone" in words or "reset" in words:
            return b"", True
        if "eof" in words:
            writer.write_eof()
        async with asyncio.timeout(10_000):  # of virtual time: the listener closes long before
            while piece := await reader.read(1_000_000):
                read += piece
    except ConnectionError:
        cut_off = True
    finally:
        writer.close()
        for one in company:
            one.close()
        if "deaf" in words:
            promise(not await _still_held(server, writes), "who reads nothing holds a connection")
        if other is not None:
            other.close()
        if listening is not None:
            listening.close()
        if other is None and ("gone" in words or "reset" in words):
            await asyncio.sleep(60)
            promise(not server.connections, "who is gone holds a connection")
        if ending is not None:
            await ending
        await server.shutdown(0.1)
        await asyncio.sleep(1)
    return read, cut_off


async def _company(server: PublicServer, writes: list[bytes]) -> list[socket.socket]:
    """Others who write the same at the same moment, as much as the system takes, and read nothing."""
    found = []
    for _ in range(3):
        _, one = await _connected(server, "")
        one.setblocking(False)
        one.send(b"".join(writes) or b" ")
        found.append(one)
    return found


async def _still_held(server: PublicServer, writes: list[bytes]) -> bool:
    """Whether a sender who writes and reads nothing has a connection after five minutes."""
    loop = asyncio.get_running_loop()
    _, deaf = await _connected(server, "")
    deaf.setblocking(False)
    writing = asyncio.create_task(loop.sock_sendall(deaf, b"".join(writes)))
    end = loop.time() + 300
    while server.connections and loop.time() < end:
        await asyncio.sleep(1)
    writing.cancel()
    deaf.close()
    return bool(server.connections)


async def _connected(
    server: PublicServer, kind: str
) -> tuple[asyncio.Server | None, socket.socket]:
    """The sender's end of a connection: to a real listener, or of a pair of sockets."""
    if not kind:
        ours, theirs = socket.socketpair()
        await asyncio.get_running_loop().connect_accepted_socket(server, ours)
        return None, theirs
    bound = socket.socket(socket.AF_INET if kind == "tcp" else socket.AF_UNIX)
    bound.bind(("127.0.0.1", 0) if kind == "tcp" else f"\0fuzz-{os.getpid()}")
    bound.setblocking(False)
    listening = await listen(server, bound)
    theirs = socket.socket(bound.family)
    theirs.connect(bound.getsockname())
    theirs.setblocking(False)
    return listening, theirs
