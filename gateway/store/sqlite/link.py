"""The gateway's end of the socket to the process that writes, and how that process ended. Who waits
for what is `process_writer`'s.
"""

import asyncio
import signal
import subprocess
from collections.abc import Sequence
from typing import Final, Protocol, cast

from gateway.store.sqlite import wire
from gateway.store.sqlite.channel import Frames, framed

_END: Final = 0.5
"""Seconds between its closing of the socket and its end."""


class _Writer(Protocol):
    """What hears of what comes."""

    def met(self, link: "Link", hello: wire.Hello) -> None: ...

    def came(self, answer: wire.Answer) -> None: ...

    def lost(self) -> None: ...


class Link(asyncio.Protocol):
    """See the module's text."""

    def __init__(self, writer: _Writer) -> None:
        self._writer = writer
        self._frames = Frames()
        self.said: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """The process has said its first words, or it ended before."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def send(self, content: Sequence[bytes]) -> None:
        """Puts a frame's pieces on their way."""
        self._transport.writelines(framed(content))

    def close(self) -> None:
        """Tells the process that nothing more comes."""
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        for frame in self._frames.feed(data):
            if self.said.done():
                self._writer.came(wire.read_answer(frame))
            else:
                # At once: the process may be gone before a task hears of it.
                self._writer.met(self, wire.read_hello(frame))
                self.said.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  the process's end says
        self._writer.lost()
        if not self.said.done():
            self.said.set_result(None)


def how_it_ended(process: "subprocess.Popen[bytes] | None") -> str:
    """How a process ended that closed its socket."""
    if process is None:
        return "at once"
    try:
        code = process.wait(_END)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    return f"with {code}" if code >= 0 else f"by signal {-code} ({signal.strsignal(-code)})"
