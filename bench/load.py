"""The load, a process of its own: keep-alive connections on raw asyncio, a fixed count of requests.

python -m bench.load PORT COUNT CONNECTIONS SIZE SAME   prints `Loaded` as JSON

Closed loop: a connection sends its next request when the last is answered. All requests are made
before the clock starts.
"""

import asyncio
import gc
import sys
import time
from collections.abc import Iterator

import orjson
import uvloop

from bench.pushes import Pieces, requests


class Connection(asyncio.Protocol):
    """Sends the next request as soon as the last is answered."""

    def __init__(self, run: "Run") -> None:
        self._run = run
        self._left = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._next()

    def _next(self) -> None:
        request = self._run.next()
        if request is None:
            self._transport.close()
        else:
            self._transport.writelines(request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        data = self._left + data
        end = whole(data)
        if end is None:
            self._left = data
            return
        self._left = b""
        self._run.answered(data[9:12])
        self._next()

    def connection_lost(self, _: Exception | None) -> None:
        self._run.closed()


def whole(data: bytes) -> int | None:
    """Where an answer ends, if all of it is here."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = data[:end].lower()
    at = head.index(b"content-length:") + 15
    stop = head.find(b"\r", at)
    length = int(head[at : stop if stop > 0 else len(head)])
    return end + 4 + length if len(data) >= end + 4 + length else None


class Run:
    """Counts."""

    def __init__(self, prepared: Iterator[Pieces], connections: int) -> None:
        self._requests = prepared
        self._open = connections
        self.answers = 0
        self.refused = 0
        self.done = asyncio.get_running_loop().create_future()

    def next(self) -> Pieces | None:
        return next(self._requests, None)

    def answered(self, status: bytes) -> None:
        self.answers += 1
        self.refused += status[:1] != b"2"

    def closed(self) -> None:
        self._open -= 1
        if not self._open:
            self.done.set_result(None)


async def main(port: int, count: int, connections: int, size: int, same: int) -> None:
    """Prints the result."""
    loop = asyncio.get_running_loop()
    run = Run(iter(list(requests(count, size, same=bool(same)))), connections)
    gc.disable()
    cpu, started = time.process_time(), time.monotonic()
    for _ in range(connections):
        await loop.create_connection(lambda: Connection(run), "127.0.0.1", port)
    await asyncio.wait_for(run.done, 600)
    said = {
        "started": started, "seconds": time.monotonic() - started, "answers": run.answers,
        "refused": run.refused, "cpu": time.process_time() - cpu,
    }  # fmt: skip
    print(orjson.dumps(said).decode())


if __name__ == "__main__":
    uvloop.run(main(*(int(one) for one in sys.argv[1:6])))
