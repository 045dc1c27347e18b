"""The real sender, as a process of its own so that no attacker's event loop slows it down.

    python -m tests.door.sender PORT PID

Told `go`, it sends one signed push after the other to the gateway, on a new connection and on a
kept one in turn, until told `stop`; then it says how it was answered, as one line of JSON.
"""

import http.client
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from queue import Queue
from threading import Thread

from bench.processes import family
from tests.app.running import signed_push

PATIENCE = 30.0
"""Seconds it waits for an answer at all."""


@dataclass
class Answered:
    """What came of the real sender's requests."""

    answered: int = 0
    slowest: float = 0.0
    """Seconds that passed."""
    slowest_own: float = 0.0
    """Seconds without those in which gateway or sender were ready to run and the machine ran
    something else: what the gateway itself took."""
    failure: str = ""


def waited(pid: int) -> float:
    """Seconds that the threads of a process and its children were ready to run and did not (proc(5),
    schedstat)."""
    total = 0
    for one in family(pid):
        for task in Path(f"/proc/{one}/task").iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):
                total += int((task / "schedstat").read_text().split()[1])
    return total / 1e9


class Sender:
    """Sends and measures."""

    def __init__(self, port: int, pid: int) -> None:
        self._port = port
        self._pid = pid
        self._numbers = count(1)

    def run(self, over: Callable[[], bool]) -> Answered:
        """Pairs of requests until it is over, two at least."""
        said = Answered()
        kept = self._connect()
        try:
            while said.answered < 4 or not over():
                fresh = self._connect()
                self._send(fresh, said)
                self._send(kept, said)
                fresh.close()
        except (OSError, http.client.HTTPException, AssertionError) as error:
            said.failure = f"after {said.answered} answers: {error!r}"
        kept.close()
        return said

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)

    def _send(self, connection: http.client.HTTPConnection, said: Answered) -> None:
        headers, body = signed_push(f"good-{next(self._numbers)}")
        before = waited(self._pid) + waited(os.getpid())
        began = time.perf_counter()
        connection.request("POST", "/in/github", body, headers)
        answer = connection.getresponse()
        answer.read()
        took = time.perf_counter() - began
        elsewhere = waited(self._pid) + waited(os.getpid()) - before
        said.slowest = max(said.slowest, took)
        said.slowest_own = max(said.slowest_own, took - elsewhere)
        assert answer.status == 202, answer.status
        said.answered += 1


def main() -> None:
    one = Sender(int(sys.argv[1]), int(sys.argv[2]))
    told: Queue[str] = Queue()
    Thread(target=lambda: [told.put(line) for line in sys.stdin], daemon=True).start()
    while told.get() == "go\n":
        said = one.run(lambda: not told.empty())
        told.get()
        print(json.dumps(asdict(said)), flush=True)


if __name__ == "__main__":
    main()
