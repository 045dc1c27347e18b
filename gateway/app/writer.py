"""The process that writes to the store for a gateway (`store.sqlite.process_writer`).

    python -m gateway.app.writer SOCKET DATABASE KNOWN

Started by the gateway, and over when that is: signals that are meant for it, as those of a terminal
or of systemd for the whole unit, are not for this one, which has its last commits to make.
"""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gateway.app.heap import settle
from gateway.store.sqlite.serving import serve
from gateway.upkeep import trimming


def _looks_here() -> bool:
    """Whether this process looks for modules in the folder it was started in."""
    try:
        return sys.path[0] in {"", str(Path.cwd())}
    except (IndexError, FileNotFoundError):  # the folder is gone
        return False


_SAFE: Final = () if _looks_here() else ("-P",)
"""The folder that a gateway is started in may hold a `gateway` of somebody else's. `-m` would look
there first, and does so only where this process does, too (`python -m gateway` in its own folder)."""
COMMAND: Final = (sys.executable, *_SAFE, "-m", "gateway.app.writer")
_NOT_FOR_US: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def command(wanted: str) -> Sequence[str]:
    """What starts it, for `sqlite.open`; nothing where a thread is wanted.

    wanted: `store.writer`. With one CPU a process would only cost: memory, and a way for all bytes.
    """
    if wanted == "auto":
        wanted = "process" if _cpus() > 1 else "thread"
    return COMMAND if wanted == "process" else ()


def _cpus() -> int:
    """How many this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        return os.cpu_count() or 1


def main(number: str, database: str, known: str) -> None:
    """number: of the inherited socket. known: see `process_writer`."""
    for one in _NOT_FOR_US:
        signal.signal(one, signal.SIG_IGN)
    settle()
    threading.Thread(target=_trim, name="trimming", daemon=True).start()
    with socket.socket(fileno=int(number)) as theirs:
        serve(theirs, Path(database), int(known) if known else None)


def _trim() -> None:
    while True:
        time.sleep(trimming.EVERY)
        trimming.trim()


if __name__ == "__main__":
    main(*sys.argv[1:])
