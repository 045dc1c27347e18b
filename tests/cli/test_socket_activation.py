"""The socket that systemd hands over (sd_listen_fds(3)): exactly one, and one that listens."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

PROGRAM = """
import os, sys
given, pid, fds = int(sys.argv[1]), sys.argv[2], sys.argv[3]
if given != 3:
    os.dup2(given, 3)
os.environ["LISTEN_PID"] = pid or str(os.getpid())
os.environ["LISTEN_FDS"] = fds
from gateway.app.sockets import bind
from gateway.errors import GatewayError
from gateway.plan.plan import Listen
try:
    print(bind(Listen("systemd")).getsockname()[1])
except GatewayError as error:
    print(error)
"""


def said(handed: int, *, pid: str = "", fds: str = "1") -> str:
    """What binding says in a process that got this descriptor as its third."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(handed), pid, fds],
        pass_fds=(handed,),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return ended.stdout.strip()


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as bound:
        yield bound


def test_one_listening_socket_is_taken(listening: socket.socket) -> None:
    assert said(listening.fileno()) == str(listening.getsockname()[1])


@pytest.mark.parametrize("fds", ["2", "x", "-1"])
def test_more_than_one_socket_is_refused(listening: socket.socket, fds: str) -> None:
    assert "exactly one" in said(listening.fileno(), fds=fds)


@pytest.mark.parametrize(("pid", "fds"), [("1", "1"), ("", ""), ("", "0")])
def test_what_was_meant_for_another_process_is_not_taken(
    listening: socket.socket, pid: str, fds: str
) -> None:
    assert "gateway.socket" in said(listening.fileno(), pid=pid, fds=fds)


def test_a_connection_is_no_listening_socket() -> None:
    one, other = socket.socketpair()
    with one, other:
        assert "Accept=no" in said(one.fileno())


def test_a_datagram_socket_is_refused() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        assert "ListenStream=" in said(datagrams.fileno())


def test_a_pipe_is_refused() -> None:
    read, write = os.pipe()
    try:
        assert "no socket" in said(read)
    finally:
        os.close(read)
        os.close(write)
