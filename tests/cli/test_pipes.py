"""A reader that has enough, and control sockets behind which no gateway answers."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli.client import NotRunning, connect
from gateway.errors import GatewayError


@pytest.mark.parametrize("words", [["schema", "vcs"], ["providers", "--json"], ["providers"]])
def test_a_reader_that_has_enough_ends_a_command_silently_and_well(
    tmp_path: Path, words: list[str]
) -> None:
    command = subprocess.Popen(
        [sys.executable, "-m", "gateway", *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert command.stdout is not None
    assert command.stderr is not None
    command.stdout.close()
    with command.stderr as said:
        assert said.read() == b""
    assert command.wait(60) == 0


async def test_a_socket_left_by_a_dead_gateway_is_not_running(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "control.sock"))
    with pytest.raises(NotRunning):
        async with connect(tmp_path / "gateway.db"):
            pass


async def test_what_hangs_up_without_an_answer_is_an_error_and_not_nobody(tmp_path: Path) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_unix_server(hang_up, tmp_path / "control.sock")
    async with server:
        with pytest.raises(GatewayError) as caught:
            async with connect(tmp_path / "gateway.db"):
                pass
    assert not isinstance(caught.value, NotRunning)
    assert "control.sock" in str(caught.value)
