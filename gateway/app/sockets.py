"""Listening sockets: TCP, unix, or the one that systemd hands over."""

import contextlib
import os
import socket
import stat
from pathlib import Path

from gateway.errors import GatewayError
from gateway.ingest.server import BACKLOG
from gateway.plan.plan import Listen

_FIRST_FD = 3
"""`SD_LISTEN_FDS_START` of sd_listen_fds(3)."""


def bind(listen: Listen) -> socket.socket:
    """A bound, listening, non-blocking socket. Raises `GatewayError` with what to do."""
    try:
        if listen.kind == "systemd":
            return _from_systemd()
        if listen.kind == "unix":
            return bind_unix(Path(listen.path), mode=0o660)
        return _bind_tcp(listen.host, listen.port)
    except OSError as error:
        raise GatewayError(
            f"cannot listen on {listen}: {error.strerror or error}. "
            "Is another gateway (or something else) there already?"
        ) from error


def _bind_tcp(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((host, port))
        bound.listen(BACKLOG)
        bound.setblocking(False)
    except OSError:
        bound.close()
        raise
    return bound


def bind_unix(path: Path, *, mode: int) -> socket.socket:
    """A unix socket with this mode; one left over from a dead process is replaced."""
    with contextlib.suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode) and not _answers(path):
            path.unlink()
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o777 & ~mode)
    try:
        with short(path) as name:
            bound.bind(name)
        bound.listen(BACKLOG)
        bound.setblocking(False)
    except OSError:
        bound.close()
        raise
    finally:
        os.umask(before)
    return bound


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, short(path) as name:
        return probe.connect_ex(name) == 0


@contextlib.contextmanager
def short(path: Path):  # type: ignore[no-untyped-def]  # a context manager of str
    """A name for a unix socket's path: sun_path holds 108 bytes, folders may be deeper.

    Through the folder's descriptor the name is short whatever the path (proc(5), /proc/self/fd).
    """
    text = str(path)
    if len(os.fsencode(text)) < 100:
        yield text
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _from_systemd() -> socket.socket:
    if os.environ.get("LISTEN_PID") != str(os.getpid()) or not os.environ.get("LISTEN_FDS"):
        raise GatewayError(
            "server.listen is `systemd`, but systemd handed no socket over. "
            "Is gateway.socket enabled, and is this started by its service?"
        )
    if (count := os.environ["LISTEN_FDS"]) != "1":
        raise GatewayError(
            f"server.listen is `systemd`, and systemd handed {count} sockets over; exactly one is "
            "taken. Leave one ListenStream= in gateway.socket"
        )
    try:
        handed = socket.socket(fileno=_FIRST_FD)
        listens = handed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise GatewayError(f"what systemd handed over is no socket: {error.strerror}") from error
    if handed.type != socket.SOCK_STREAM or not listens:
        raise GatewayError(
            "what systemd handed over is no listening stream socket. "
            "In gateway.socket: ListenStream=, and Accept=no"
        )
    handed.setblocking(False)
    handed.set_inheritable(False)
    return handed
