"""The other end of `process_writer`: takes what has come, commits it, says what became of it.

It ends when the gateway closes its end or is gone. What it has taken by then is committed: a sender
who heard nothing of it sends again, and hears that it is a duplicate.
"""

import contextlib
import socket
import time
from collections.abc import Callable
from pathlib import Path

from gateway.store.sqlite import wire
from gateway.store.sqlite.channel import Channel
from gateway.store.sqlite.commits import Committer, Fault
from gateway.store.sqlite.connection import WriteConnection


def serve(
    theirs: socket.socket,
    database: Path,
    known: int | None,
    *,
    clock: Callable[[], float] = time.time,
    fault: Fault | None = None,
) -> None:
    """Returns when nobody needs it any more.

    theirs: the socket's end, which blocks. known: see `WriteConnection`. clock, fault: see
    `Committer`.
    """
    connection = WriteConnection(database, clock, known)
    trouble = connection.try_to_open()
    committer = Committer(connection, clock=clock, fault=fault)
    channel = Channel(theirs)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        channel.send(wire.hello(wire.Hello(trouble, connection.opened, connection.sequence.last)))
        while frames := channel.receive():
            count, batch = len(frames), wire.decode(frames)
            frames.clear()
            channel.forget()
            channel.send(wire.answer(count, batch, committer.commit(batch)))
            del batch  # nothing of a commit waits here for the next one
    committer.close()
