"""Judging inputs: what a failure is called, and the least input that still has it."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

_SHRINKING = 3.0
"""Seconds to look for a smaller input."""
_OURS = (f"{Path(__file__).parents[2] / 'gateway'}/", f"{Path(__file__).parent}/")


@dataclass(frozen=True)
class Failure:
    """What went wrong, by its kind and place: two inputs that fail alike are one finding."""

    kind: str
    place: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.kind} at {self.place}"


def failure(run: Callable[[bytes], None], data: bytes) -> Failure | None:
    """How an input fails; None: it does not."""
    try:
        run(data)
    except Exception as error:
        frames = [
            frame
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename.startswith(_OURS) and frame.name != "promise"
        ]
        last = frames[-1] if frames else None
        place = f"{Path(last.filename).name}:{last.lineno}" if last else "?"
        return Failure(type(error).__name__, place, "".join(traceback.format_exception(error)[-6:]))
    return None


def shrunk(run: Callable[[bytes], None], data: bytes, wanted: Failure) -> bytes:
    """A smaller input that fails in the same way, by leaving out ever smaller pieces."""
    end = monotonic() + _SHRINKING
    size = max(1, len(data) // 2)
    while monotonic() < end:
        smaller = _without_a_piece(run, data, wanted, size, end)
        if smaller is not None:
            data = smaller
        elif size == 1:
            break
        else:
            size //= 2
    return data


def _without_a_piece(
    run: Callable[[bytes], None], data: bytes, wanted: Failure, size: int, end: float
) -> bytes | None:
    for at in range(0, len(data), size):
        if monotonic() > end:
            return None
        rest = data[:at] + data[at + size :]
        found = failure(run, rest)
        if found is not None and found.name == wanted.name:
            return rest
    return None
