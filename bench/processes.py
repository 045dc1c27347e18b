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
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

import orjson

from bench.pairs import Sample
from bench.pushes import SECRET, SIZE

CONNECTIONS = 64
KILL = signal.SIGKILL
"""For a gateway whose target hangs: its drain would wait for each attempt's time-out."""
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


_CPU = 36
"""Where `stat` has the CPU that a process's first thread ran on last, behind its name (proc(5))."""


def free_port() -> int:
    """A port nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port: int = bound.getsockname()[1]
        return port


def family(pid: int) -> list[int]:
    """A process and those that it started: the gateway's has one that writes."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that has ended
            found += map(int, (task / "children").read_text().split())
    return found


def cpu(pid: int) -> float:
    """Seconds that the kernel let the threads of a process and its children run (schedstat, in
    nanoseconds)."""
    tasks = (task for one in family(pid) for task in Path(f"/proc/{one}/task").iterdir())
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def memory(pid: int) -> float:
    """MiB resident, of a process and its children; what two share counts twice."""
    pages = (int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in family(pid))
    return sum(pages) * os.sysconf("SC_PAGESIZE") / 2**20


def descriptors(pid: int) -> int:
    """Open files of a process and its children."""
    return sum(len(list(Path(f"/proc/{one}/fd").iterdir())) for one in family(pid))


def keep_apart(pid: int, other: int = 0) -> None:
    """Keeps another process (0: this one) off the CPU that a server's event loop is on.

    Who is woken by an answer is often put on the CPU of who sent it, and pushes that one aside.
    Beside a server that leaves the others idle the kernel parts the two by itself; beside one that
    has a second process it does not. In both cases the load is to have the other CPUs.
    """
    allowed = os.sched_getaffinity(0)
    stat = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    os.sched_setaffinity(other, allowed - {int(stat[_CPU])} or allowed)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"a server ended with {process.returncode}")
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
            return
        time.sleep(0.01)
    raise TimeoutError(f"no answer on port {port}")


@contextlib.contextmanager
def running(
    command: list[str],
    port: int,
    end: signal.Signals = signal.SIGTERM,
    stderr: IO[bytes] | None = None,
) -> Iterator[int]:
    """A server; gives its pid when it answers and ends it afterwards. stderr: ours unless given."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        env={**os.environ, "BENCH_SECRET": SECRET},
        stderr=stderr,
    )
    try:
        _wait(port, process)
        yield process.pid
    finally:
        process.send_signal(end)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def gateway(
    folder: Path, more: str = "", base: str = ROUTES, end: signal.Signals = signal.SIGTERM
) -> Iterator[tuple[int, int]]:
    """A gateway with its files in `folder`; gives its public port and its pid."""
    port = free_port()
    text = base.format(port=port, admin=free_port()) + more
    (folder / "routes.yaml").write_text(text)
    config = str(folder / "routes.yaml")
    with running(["gateway", "serve", "-c", config, "--log-level", LOG_LEVEL], port, end) as pid:
        yield port, pid


@contextlib.contextmanager
def sink() -> Iterator[tuple[int, int]]:
    """The receiver; gives its port and its pid."""
    port = free_port()
    with running(["bench.sink", str(port)], port) as pid:
        yield port, pid


@contextlib.contextmanager
def silent() -> Iterator[int]:
    """The port of a target that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as bound:
        yield bound.getsockname()[1]


def received(port: int) -> int:
    """POSTs that the receiver has answered."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
        count: int = orjson.loads(answer.read())["count"]
        return count


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load says of itself. started: monotonic. cpu: seconds of its own."""

    started: float
    seconds: float
    answers: int
    refused: int
    cpu: float


def push(
    port: int, count: int, *, size: int = SIZE, same: bool = False, server: int | None = None
) -> Loaded:
    """Sends `count` pushes from a process of its own. Raises RuntimeError if one is refused.

    server: the process that it is kept apart from.
    """
    done = subprocess.run(
        [
            sys.executable, "-m", "bench.load",
            *map(str, (port, count, CONNECTIONS, size, int(same))),
        ],
        check=True, stdout=subprocess.PIPE, timeout=700,
        preexec_fn=None if server is None else partial(keep_apart, server),
    )  # fmt: skip
    found = Loaded(**orjson.loads(done.stdout))
    if found.refused or found.answers != count:
        raise RuntimeError(f"not every request was accepted: {found}")
    return found


def load(port: int, count: int, pid: int, *, size: int = SIZE, same: bool = False) -> Sample:
    """`push`, and what it cost the process `pid`."""
    before = cpu(pid)
    found = push(port, count, size=size, same=same, server=pid)
    return Sample(count / found.seconds, (cpu(pid) - before) / count * 1e6)
