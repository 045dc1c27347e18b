"""Reads a system call trace of a gateway (`strace -f -yy`) and says which answers came too early.

Pure functions over lines. A call has two moments, its beginning and its end: an answer may begin
only after a sync ended that itself began after the log pages of that row were written.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

CALLS: Final = "write,writev,pwrite64,pwritev,fdatasync,fsync,sendto,sendmsg"
COMMAND: Final = ("strace", "-f", "-yy", "--seccomp-bpf", "-s", "4200", "-e", f"trace={CALLS}")
"""4,200: a whole page of the database, so that the row's id is found in it."""

_LINE = re.compile(r"(\d+) +(.*)", re.DOTALL)
_BEGUN = re.compile(r"(\w+)\((\d+)<(.*?)>(?:, |\)| <unf)(.*)", re.DOTALL)
_RESUMED = re.compile(r"<\.\.\. (\w+) resumed>(.*)", re.DOTALL)
_RESULT = re.compile(r"\) += (-?\d+|\?)[^)]*$")
_PLACE = re.compile(r", (\d+), (\d+)(?:\)| <unf)")
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9a-f]{2})|(.))", re.DOTALL)
_NAMED = {"n": 10, "t": 9, "r": 13, "v": 11, "f": 12}
_IDS = re.compile(r"evt_[0-9A-Z]{26}")
_STATUS = re.compile(r'"HTTP/1\.1 (2\d\d) ')
FRAME: Final = 24
"""Bytes of a frame's header in SQLite's log; bytes 4 to 8 of it are not zero in the last frame of
a commit (https://sqlite.org/fileformat2.html#the_write_ahead_log)."""


@dataclass(frozen=True, slots=True)
class Call:
    """One finished system call; began and ended are line numbers."""

    name: str
    file: str
    """A path, or `TCP:[…]`."""
    text: str
    """The arguments after the file, as strace prints them."""
    began: int
    ended: int
    result: int


def calls(lines: Iterable[str]) -> Iterator[Call]:
    """Every call that ended well, in order of its end."""
    open_: dict[str, tuple[str, str, str, int]] = {}
    for number, line in enumerate(lines):
        split = _LINE.match(line)
        if split is None:
            continue
        thread, rest = split.groups()
        resumed = _RESUMED.match(rest)
        if resumed is not None and thread in open_:
            name, file, text, began = open_.pop(thread)
            text += resumed[2]
        else:
            begun = _BEGUN.match(rest)
            if begun is None:
                continue
            name, file, text = begun[1], begun[3], begun[4]
            began = number
            if rest.rstrip().endswith("<unfinished ...>"):
                open_[thread] = (name, file, text, began)
                continue
        result = _RESULT.search(rest.rstrip())
        if result is not None and result[1] not in {"?", "-1"}:
            yield Call(name, file, text, began, number, int(result[1]))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a trace shows."""

    answers: int
    """2xx answers that named an event."""
    syncs: int
    """Of the log."""
    early: tuple[str, ...]
    """Ids of events whose answer began before a sync that covers their commit had ended."""


def judge(lines: Iterable[str]) -> Verdict:
    """Checks each 2xx of a trace."""
    covered: dict[str, int] = {}  # id -> line at which a sync had covered it
    uncovered: dict[str, int] = {}  # id -> line at which its commit was wholly written
    pages: set[str] = set()  # ids in pages of the commit being written
    closing = False
    syncs = answers = 0
    early: list[str] = []
    sends: list[tuple[int, list[str]]] = []
    for call in calls(lines):
        if call.file.endswith("-wal"):
            if call.name in {"fdatasync", "fsync"}:
                syncs += 1
                _cover(covered, uncovered, call)
            elif call.result == FRAME and (header := _bytes(call.text))[:4] != b"7\x7f\x06\x82":
                closing = header[4:8] != bytes(4)
            else:
                pages |= set(_IDS.findall(call.text))
                if closing:
                    for id in pages:
                        uncovered.setdefault(id, call.ended)
                    pages.clear()
                    closing = False
        elif _STATUS.search(call.text) and call.name not in {"pwrite64", "pwritev"}:
            sends.append((call.began, _IDS.findall(call.text)))
    for began, ids in sends:
        answers += bool(ids)
        early += [id for id in ids if not began > covered.get(id, began)]
    return Verdict(answers, syncs, tuple(early))


def _cover(covered: dict[str, int], uncovered: Mapping[str, int], sync: Call) -> None:
    for id, written in uncovered.items():
        if written < sync.began:
            covered.setdefault(id, sync.ended)


def _bytes(text: str) -> bytes:
    """The first string among a call's arguments."""
    quoted = re.match(r'"((?:[^"\\]|\\.)*)"', text, re.DOTALL)
    if quoted is None:
        return b""
    out = bytearray()
    at = 0
    for escape in _ESCAPE.finditer(quoted[1]):
        out += quoted[1][at : escape.start()].encode("latin-1")
        octal, hexa, other = escape.groups()
        if octal:
            out.append(int(octal, 8))
        elif hexa:
            out.append(int(hexa, 16))
        else:
            out.append(_NAMED.get(other, ord(other)))
        at = escape.end()
    return bytes(out + quoted[1][at:].encode("latin-1"))
