"""The local receiver, a process of its own: answers 200 to every POST and counts.

python -m bench.sink PORT   GET answers {"count", "last"}: POSTs, and when the last came (monotonic)
"""

import asyncio
import sys
import time

import orjson
import uvloop

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Counts:
    """What came."""

    count = 0
    last = 0.0


class Connection(asyncio.Protocol):
    """Skips bodies by their Content-Length; nobody here sends chunks."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts
        self._left = b""
        self._skip = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        while data:
            if self._skip:
                skipped = min(self._skip, len(data))
                self._skip -= skipped
                data = data[skipped:]
                if not self._skip:
                    self._taken()
                continue
            data = self._left + data
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._left = data
                return
            self._left = b""
            self._head(data[:end])
            data = data[end + 4 :]

    def _head(self, head: bytes) -> None:
        if head.startswith(b"GET"):
            body = orjson.dumps({"count": self._counts.count, "last": self._counts.last})
            self._write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            return
        at = head.lower().index(b"content-length:") + 15
        self._skip = int(head[at:].split(b"\r", 1)[0])
        if not self._skip:
            self._taken()

    def _taken(self) -> None:
        self._counts.count += 1
        self._counts.last = time.monotonic()
        self._write(ANSWER)

    def _write(self, data: bytes) -> None:
        self._transport.write(data)  # type: ignore[attr-defined]


async def main(port: int) -> None:
    """Until it is ended."""
    counts = Counts()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(counts), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
