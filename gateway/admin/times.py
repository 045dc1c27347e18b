"""Times and sizes as people read them. Pure: `now` is an argument."""

from typing import Final

_STEPS: Final = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s"))
_UNITS: Final = ("KB", "MB", "GB", "TB")


def ago(at: float, now: float) -> str:
    """`3 min ago`, `in 20 s`, `now`."""
    seconds = now - at
    for size, unit in _STEPS:
        if abs(seconds) >= size:
            count = f"{int(abs(seconds) / size)} {unit}"
            return f"{count} ago" if seconds > 0 else f"in {count}"
    return "now"


def duration(seconds: float) -> str:
    """`12 ms`, `1.4 s`, `3 min`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min"


def size(count: int) -> str:
    """Bytes in decimal units: `812 B`, `7.5 KB`, `25 MB`."""
    if count < 1000:
        return f"{count} B"
    value = float(count)
    for unit in _UNITS:
        value /= 1000
        if value < 999.5:
            return f"{value:.1f} {unit}" if value < 9.95 else f"{value:.0f} {unit}"
    return f"{value:.0f} PB"
