"""The recorder of `disk.c`: compiled, put before a process, and its log read. No judgement here."""

import shutil
import struct
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

_SOURCE: Final = Path(__file__).with_name("disk.c")
_RECORD: Final = struct.Struct("=IBBHiiiq")
"""`struct record` of disk.c."""
_ID: Final = 30
"""Characters of an event's id."""


class Op(IntEnum):
    """`enum op` of disk.c."""

    START = 1
    OPEN = 2
    CLOSE = 3
    WRITE = 4
    TRUNCATE = 5
    SYNC = 6
    SYNCED = 7
    UNLINK = 8
    RENAME = 9
    TOLD = 10


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the log."""

    op: Op
    fd: int = -1
    thread: int = 0
    process: int = 0
    """Descriptors are its own."""
    at: int = 0
    """WRITE: offset; TRUNCATE: size; SYNCED: what the call gave back."""
    flag: bool = False
    """OPEN: the file was made; TOLD: an answer to a request, not a delivery."""
    data: bytes = b""
    """OPEN, UNLINK: a path; RENAME: two with a NUL between; WRITE: the bytes; TOLD: ids."""

    @property
    def ids(self) -> list[str]:
        """Of the events that left through a socket."""
        text = self.data.decode("ascii")
        return [text[at : at + _ID] for at in range(0, len(text), _ID)]


def build(folder: Path) -> Path:
    """The shared object. Needs a C compiler."""
    assert shutil.which("cc"), "this test needs a C compiler: apt install gcc libc6-dev"
    made = folder / "disk.so"
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", made, _SOURCE],
        check=True,
        timeout=60,
    )
    return made


def before(
    shim: Path, database: Path, log: Path | None = None, kill: str | None = None
) -> Mapping[str, str]:
    """The environment of a process whose database is recorded. kill: see disk.c."""
    env = {"LD_PRELOAD": str(shim), "DISK_PREFIX": str(database)}
    if log is not None:
        env["DISK_LOG"] = str(log)
    if kill is not None:
        env["DISK_KILL"] = kill
    return env


def read(logs: Sequence[Path]) -> Iterator[Record]:
    """Every record of a process's lives, in order; each life has a log of its own, for a killed
    one may have left its last record half written."""
    for log in logs:
        with log.open("rb", buffering=1 << 20) as file:
            while len(head := file.read(_RECORD.size)) == _RECORD.size:
                size, op, flag, _, process, fd, thread, at = _RECORD.unpack(head)
                data = file.read(size)
                if len(data) == size:
                    yield Record(Op(op), fd, thread, process, at, bool(flag), data)
