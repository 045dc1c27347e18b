"""What the disk itself takes: 8 KB appended to a file of its own and fdatasync, one after the other."""

import os
import tempfile
import time

COUNT = 300
BLOCK = os.urandom(8192)


def sync_times() -> list[float]:
    """Sorted seconds of each fdatasync, in the folder where the stores of the bench live too."""
    found = []
    with tempfile.TemporaryFile(prefix="bench-") as file:
        for _ in range(COUNT):
            os.write(file.fileno(), BLOCK)
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            found.append(time.perf_counter() - started)
    return sorted(found)
