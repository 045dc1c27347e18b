"""Frames on a stream socket: a length of four bytes, then so many bytes."""

import socket
import struct
from collections.abc import Sequence
from typing import Final

_LENGTH: Final = struct.Struct("<I")
ROOM: Final = 1024 * 1024
"""Bytes that are given out at once; of one frame that is larger, as many as it has."""


def framed(content: Sequence[bytes]) -> list[bytes]:
    """A frame's pieces. content: its pieces."""
    return [_LENGTH.pack(sum(map(len, content))), *content]


class Frames:
    """Cuts frames out of a stream that comes in pieces."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, piece: bytes) -> list[bytes]:
        """All frames that are whole now."""
        buffer = self._buffer
        buffer += piece
        found: list[bytes] = []
        at = 0
        while len(buffer) - at >= _LENGTH.size:
            begin = at + _LENGTH.size
            end = begin + _LENGTH.unpack_from(buffer, at)[0]
            if len(buffer) < end:
                break
            found.append(bytes(memoryview(buffer)[begin:end]))
            at = end
        if at:
            del buffer[:at]
        return found


class Channel:
    """The end that waits: for a process with nothing else to do."""

    def __init__(self, ours: socket.socket) -> None:
        """ours: a connected stream socket that blocks."""
        self._socket = ours
        self._buffer = bytearray(ROOM)
        self._begin = self._end = 0
        """What has come and was not given out."""

    def receive(self) -> list[memoryview]:
        """Waits for a frame; gives all that have come, in order, as far as there is room for them at
        once. Empty: the other end is closed, and nothing is left.

        They are good until `forget`: the buffer is used again, for the pages of a new one would have
        to be made each time.
        """
        while (frame := self._next()) is None:
            if self._end == len(self._buffer):  # not for each piece: it copies what has come
                self._make_room()
            if not self._read(0):
                return []
        while self._end < len(self._buffer) and self._read(socket.MSG_DONTWAIT):
            pass
        found = [frame]
        while (frame := self._next()) is not None:
            found.append(frame)
        return found

    def forget(self) -> None:
        """What was given out is not needed any more: a large frame's room is free at once."""
        self._make_room()

    def _make_room(self) -> None:
        """For the rest of the frame that has begun to come, and a little more."""
        rest = self._buffer[self._begin : self._end]
        wanted = ROOM
        if len(rest) >= _LENGTH.size:
            wanted = max(ROOM, _LENGTH.size + _LENGTH.unpack_from(rest)[0])
        if wanted != len(self._buffer):
            self._buffer = bytearray(wanted)
        self._buffer[: len(rest)] = rest
        self._begin, self._end = 0, len(rest)

    def _next(self) -> memoryview | None:
        """The next frame, if it is whole."""
        begin = self._begin + _LENGTH.size
        if begin > self._end:
            return None
        end = begin + _LENGTH.unpack_from(self._buffer, self._begin)[0]
        if end > self._end:
            return None
        self._begin = end
        return memoryview(self._buffer)[begin:end]

    def _read(self, flags: int) -> int:
        """How many bytes more have come; 0: none, or none will."""
        try:
            size = self._socket.recv_into(memoryview(self._buffer)[self._end :], 0, flags)
        except BlockingIOError:
            return 0
        self._end += size
        return size

    def send(self, content: bytes) -> None:
        """Returns when it is all on its way. Raises `OSError` where the other end is closed."""
        self._socket.sendall(b"".join(framed([content])))
