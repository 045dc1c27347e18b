"""JSON pointers (RFC 6901): their steps, and what stands at one. `places` compiles its own way
from the steps, for it is asked at every event and tells null from nothing.
"""

from collections.abc import Mapping, Sequence


def steps(pointer: str) -> list[str]:
    """The keys on the way; none for the whole document."""
    parts = pointer.removeprefix("/").split("/") if pointer else []
    return [part.replace("~1", "/").replace("~0", "~") for part in parts]


def at(value: object, pointer: str) -> object:
    """What a pointer names, None if it is not there."""
    return follow(value, steps(pointer))


def follow(value: object, way: Sequence[str]) -> object:
    """What stands at the end of these steps, None if it is not there."""
    for step in way:
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, Sequence) and not isinstance(value, str) and step.isdecimal():
            value = value[int(step)] if int(step) < len(value) else None
        else:
            return None
    return value
