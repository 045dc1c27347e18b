"""Starts what is measured, as processes on loopback in a temporary folder, and reads their CPU."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import orjson

from bench.pairs import Sample
from bench.pushes import SECRET

CONNECTIONS = 64
TICKS = os.sysconf("SC_CLK_TCK")
LOG_LEVEL = "warning"
"""One line a request, the default, costs too; the bare application writes none either."""

ROUTES = """\
version: 1
server: {{listen: "127.0.0.1:{port}", public_url: "https://hooks.example.com"}}
admin: {{listen: "127.0.0.1:{admin}"}}
store: {{min_free: 1MiB}}
sources:
  github: {{provider: github, secrets: ["${{BENCH_SECRET}}"]}}
"""


def free_port() -> int:
    """A port nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port: int = bound.getsockname()[1]
        return port


def cpu(pid: int) -> float:
    """Seconds of user and system time of a process, all its threads, as the kernel counts."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"a server ended with {process.returncode}")
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
            return
        time.sleep(0.02)
    raise TimeoutError(f"no answer on port {port}")


@contextlib.contextmanager
def running(command: list[str], port: int) -> Iterator[int]:
    """A server; gives its pid when it answers and ends it afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command], env={**os.environ, "BENCH_SECRET": SECRET}
    )
    try:
        _wait(port, process)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def gateway(folder: Path, more: str = "") -> Iterator[tuple[int, int]]:
    """A gateway with its files in `folder`; gives its public port and its pid."""
    port = free_port()
    text = ROUTES.format(port=port, admin=free_port()) + more
    (folder / "routes.yaml").write_text(text)
    config = str(folder / "routes.yaml")
    with running(["gateway", "serve", "-c", config, "--log-level", LOG_LEVEL], port) as pid:
        yield port, pid


def load(port: int, count: int, pid: int) -> Sample:
    """Sends `count` pushes from a process of its own. Raises RuntimeError if one is refused."""
    before = cpu(pid)
    done = subprocess.run(
        [sys.executable, "-m", "bench.load", str(port), str(count), str(CONNECTIONS)],
        check=True, stdout=subprocess.PIPE, timeout=180,
    )  # fmt: skip
    used = cpu(pid) - before
    said = orjson.loads(done.stdout)
    if said["refused"] or said["answers"] != count:
        raise RuntimeError(f"not every request was accepted: {said}")
    return Sample(count / said["seconds"], used / count * 1e6)
