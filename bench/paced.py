"""The open-loop load, a process of its own: requests at scheduled times, whatever the answers do.

python -m bench.paced PORT RATE COUNT CONNECTIONS   prints `Paced` as JSON

Arrivals are Poisson. A latency counts from the scheduled time, so a server that stalls is charged
for every request that had to wait, and not only for the one it kept (no coordinated omission).
Plain sockets and select(2), whose timeout is in microseconds: an event loop's is in milliseconds.
"""

import gc
import random
import select
import socket
import sys
import time
from collections import deque
from dataclasses import dataclass

import orjson

from bench.load import whole
from bench.pushes import requests

MOST_BEHIND = 20_000
"""Requests that may wait for a connection before the run is given up."""


@dataclass(slots=True, eq=False)
class Connection:
    """One that is kept alive. number: of the request under way."""

    socket: socket.socket
    number: int = -1
    data: bytes = b""

    def fileno(self) -> int:
        """For select."""
        return self.socket.fileno()


@dataclass(frozen=True, slots=True)
class Paced:
    """What it found. Milliseconds; late: by how much the load itself missed its schedule."""

    p50: float
    p99: float
    p999: float
    worst: float
    late: float
    refused: int
    seconds: float
    cpu: float


def percentile(values: list[float], share: float) -> float:
    """Of sorted values, in milliseconds for seconds."""
    return values[min(len(values) - 1, int(len(values) * share))] * 1e3


def run(port: int, rate: float, count: int, connections: int) -> Paced:
    """Sends `count` requests at `rate` a second. Raises RuntimeError if the server is far behind."""
    chance = random.Random(1)
    free = deque(_connect(port) for _ in range(connections))
    made = requests(count)
    started, cpu = time.monotonic(), time.process_time()
    due = started + 0.01
    scheduled: list[float] = []
    waiting: deque[int] = deque()
    busy: set[Connection] = set()
    latencies: list[float] = []
    late: list[float] = []
    refused = 0
    request = next(made)
    while len(latencies) < count:
        now = time.monotonic()
        while due <= now and len(scheduled) < count:
            waiting.append(len(scheduled))
            scheduled.append(due)
            due += chance.expovariate(rate)
            if free:
                late.append(now - scheduled[-1])
        if len(waiting) > MOST_BEHIND:
            raise RuntimeError("the server is far behind the schedule")
        while waiting and free:
            one = free.popleft()
            one.number = waiting.popleft()
            one.socket.sendmsg(request)
            busy.add(one)
            request = next(made, request)
        wait = max(0.0, due - time.monotonic()) if len(scheduled) < count else 1.0
        ready, _, _ = select.select(busy, (), (), wait)
        now = time.monotonic()
        for one in ready:
            one.data += one.socket.recv(65536)
            if whole(one.data) is None:
                continue
            latencies.append(now - scheduled[one.number])
            refused += one.data[9:10] != b"2"
            one.data = b""
            busy.remove(one)
            free.append(one)
    latencies.sort()
    late.sort()
    found = [percentile(latencies, share) for share in (0.5, 0.99, 0.999, 1)]
    seconds, used = time.monotonic() - started, time.process_time() - cpu
    return Paced(*found, percentile(late, 0.99), refused, seconds, used)


def _connect(port: int) -> Connection:
    made = socket.create_connection(("127.0.0.1", port))
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Connection(made)


if __name__ == "__main__":
    gc.disable()
    port, rate, count, connections = sys.argv[1:5]
    print(orjson.dumps(run(int(port), float(rate), int(count), int(connections))).decode())
