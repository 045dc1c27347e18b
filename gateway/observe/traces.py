"""Where an exception came from, without what it says: its text may quote a sender's bytes."""

import traceback
from pathlib import Path
from typing import Final

_CHAIN: Final = 8
_ROOT: Final = Path(__file__).parents[2]


def frames(error: BaseException) -> list[str]:
    """One entry a frame, outermost first: `gateway/delivery/render.py:81 render`.

    A cause follows as its class's name and its frames.
    """
    found: list[str] = []
    one: BaseException | None = error
    for _ in range(_CHAIN):
        if one is None:
            break
        if one is not error:
            found.append(f"caused by {type(one).__name__}")
        for frame, line in traceback.walk_tb(one.__traceback__):
            code = frame.f_code
            found.append(f"{_short(code.co_filename)}:{line} {code.co_name}")
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return found


def _short(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(_ROOT)) if path.is_relative_to(_ROOT) else path.name
