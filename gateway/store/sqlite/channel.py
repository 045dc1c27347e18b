"""Frames on a stream socket: a length of four bytes, then so many bytes."""

import socket
import struct
from typing import Final

_LENGTH: Final = struct.Struct("<I")
_PIECE: Final = 1024 * 1024


def framed(content: bytes) -> tuple[bytes, bytes]:
    """A frame's two pieces."""
    return _LENGTH.pack(len(content)), content


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
        self._frames = Frames()
        self._whole: list[bytes] = []

    def receive(self, most: int) -> list[bytes]:
        """Waits for a frame; gives all that have come, in order, but no more of them once they are
        `most` bytes. Empty: the other end is closed, and nothing is left."""
        while not self._whole:
            piece = self._socket.recv(_PIECE)
            if not piece:
                return []
            self._whole = self._frames.feed(piece)
        while sum(map(len, self._whole)) < most:
            try:
                piece = self._socket.recv(_PIECE, socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
            if not piece:
                break
            self._whole += self._frames.feed(piece)
        size = taken = 0
        while taken < len(self._whole) and size < most:
            size += len(self._whole[taken])
            taken += 1
        some, self._whole = self._whole[:taken], self._whole[taken:]
        return some

    def send(self, content: bytes) -> None:
        """Returns when it is all on its way. Raises `OSError` where the other end is closed."""
        self._socket.sendall(b"".join(framed(content)))
