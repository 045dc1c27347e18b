"""A sender who does not take its answers holds its connection for a while only.

On a clock that jumps.
"""

import asyncio
import socket

import pytest

from gateway.ingest.judge import Judge
from gateway.ingest.server import PublicServer
from tests import fakes
from tests.delivery import virtual
from tests.ingest.wire import post

HEALTHZ = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


def judge() -> Judge:
    plan = fakes.plan(fakes.source())
    ears = fakes.Ears()
    return Judge(
        plan=lambda: plan,
        store=fakes.MemoryStore(),
        pauses=fakes.Pauses(),
        dispatch=fakes.Dispatch(),
        refused=ears.refused.append,
        metrics=ears,
        log=ears.lines.append,
        report=ears.reports.append,
    )


async def held(data: bytes) -> float:
    """Seconds for which the listener holds a connection whose sender writes this and reads nothing;
    an hour at most."""
    loop = asyncio.get_running_loop()
    server = PublicServer(judge())
    ours, theirs = socket.socketpair()
    for one in (ours, theirs):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    theirs.setblocking(False)
    await loop.connect_accepted_socket(server, ours)
    began = loop.time()
    writing = asyncio.create_task(loop.sock_sendall(theirs, data))
    while server.connections and loop.time() < began + 3600:
        await asyncio.sleep(1)
    writing.cancel()
    theirs.close()
    return loop.time() - began


@pytest.mark.parametrize("requests", [10, 100, 1000, 5000])
def test_who_takes_no_answers_is_cut_off(requests: int) -> None:
    seconds = virtual.run(held(HEALTHZ * requests))
    assert seconds < 120


def test_who_takes_no_answer_to_a_broken_request_is_cut_off() -> None:
    assert virtual.run(held(HEALTHZ * 60 + b"broken\r\n\r\n")) < 120


def test_who_asks_for_a_go_ahead_and_does_not_take_it_is_cut_off() -> None:
    asking = post(b"x" * 9, "Expect: 100-continue").removesuffix(b"x" * 9)
    assert virtual.run(held(HEALTHZ * 1000 + asking)) < 120
