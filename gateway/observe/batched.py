"""Text for a stream, held back until the event loop has done what it had to do.

Each write to a log is a system call and hands Python's lock over; a loop that is busy writes the
lines of many requests at once. What is held back goes out with the next turn of the loop, when
there is much of it, and at the end of the process; outside a loop nothing is held back.
"""

import asyncio
import atexit
import threading
from typing import TextIO

MOST = 64 * 1024
"""Characters held back; a pipe takes as many at once."""


class Batched:
    """`write` and `flush` of a stream, for any thread. Text is never mixed or put in other order."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._held: list[str] = []
        self._size = 0
        self._turn: asyncio.AbstractEventLoop | None = None
        """The loop at whose next turn all goes out."""
        atexit.register(self.flush)

    def write(self, text: str) -> None:
        """Writes, now or soon."""
        with self._lock:
            self._held.append(text)
            self._size += len(text)
        if self._size > MOST or not self._soon():
            self.flush()

    def _soon(self) -> bool:
        """Whether a loop will flush."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return False
        if self._turn is not loop:
            self._turn = loop
            loop.call_soon(self._next_turn)
        return True

    def _next_turn(self) -> None:
        self._turn = None
        self.flush()

    def flush(self) -> None:
        """Writes what was held back. A stream that takes nothing any more (a closed pipe, a full
        disk) is no reason to fail: it is the one place where that could be said."""
        with self._lock:
            text, self._held, self._size = "".join(self._held), [], 0
            if text:
                try:
                    self._stream.write(text)
                    self._stream.flush()
                except (OSError, ValueError):
                    return
