"""Telling systemd: where nobody listens, nothing ends."""

import socket
from pathlib import Path

import pytest

from gateway.app.notify import notify


def test_it_tells_whoever_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "n"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "n"))
        notify("READY=1")
        notify("RELOADING=1")
        assert systemd.recv(100) == b"READY=1"
        assert systemd.recv(100).startswith(b"RELOADING=1\nMONOTONIC_USEC=")


@pytest.mark.parametrize("name", ["gone", "no/such/folder", "x" * 200])
def test_a_stop_goes_on_without_systemd_s_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / name))
    notify("STOPPING=1")
