"""The ballast: a file beside the database that holds room on its disk, and is given back when the
disk takes nothing more, so that results can still be recorded and pruning can still run.

When it is given back and written again is `disk`'s to decide.
"""

import contextlib
import os
from pathlib import Path
from typing import Final

LARGEST: Final = 64 * 2**20
"""Bytes. The write-ahead log between two checkpoints is 8 MB, and the database may have to grow by
as much before the log can begin anew; the rest is for what long reads put off."""
SHARE: Final = 2
"""Of `min_free`, one in so many parts."""
_BLOCK: Final = 512
"""Unit of `st_blocks` (stat(2)), whatever the file system's own blocks are."""
_PIECE: Final = 2**20


def wanted(min_free: int) -> int:
    """Bytes of ballast for a `min_free`. 0 has none: nothing is guarded then."""
    return min(min_free // SHARE, LARGEST)


class Ballast:
    """The file."""

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(database.name + ".ballast")

    @property
    def held(self) -> int:
        """Bytes of disk that it really holds."""
        try:
            found = self.path.lstat()
        except OSError:
            return 0
        return min(found.st_size, found.st_blocks * _BLOCK)

    def take(self, size: int) -> None:
        """Makes it so large. Raises `OSError` where there is no room; it holds nothing then.

        Twice as much is asked for at first: a quota shows in no number, and what was just given
        back is not to be taken away from those it was given to.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        file = os.open(self.path, flags, 0o600)
        try:
            if os.fstat(file).st_blocks * _BLOCK < size:
                _allocate(file, 2 * size)
            os.ftruncate(file, size)
        except BaseException:
            with contextlib.suppress(OSError):
                os.ftruncate(file, 0)
            raise
        finally:
            os.close(file)

    def give(self) -> None:
        """Gives it back. Raises `OSError`."""
        # Cut first: while a backup has the file open, deleting alone frees nothing.
        with contextlib.suppress(FileNotFoundError):
            os.truncate(self.path, 0)
            self.path.unlink()


def _allocate(file: int, size: int) -> None:
    """Blocks of its own for each byte, quickly where the file system can, else by writing."""
    allocate = getattr(os, "posix_fallocate", None)  # macOS has none
    if allocate is not None and size:
        allocate(file, 0, size)
    if os.fstat(file).st_blocks * _BLOCK >= size:
        return
    # A file system that compresses makes nothing of zeros, and little of a text.
    for at in range(0, size, _PIECE):
        os.pwrite(file, os.urandom(min(_PIECE, size - at)), at)
    os.fsync(file)
