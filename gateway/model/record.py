"""Records: the frozen, slotted data classes of which every request makes a dozen."""

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[_T]) -> type[_T]:
    """`@dataclass(frozen=True, slots=True)`, held by the type checker alone.

    Frozen at run time, each field would be set by a call of `object.__setattr__`: 0.6 µs for five
    instead of 0.15. Elsewhere than on the way of a request the real one is right.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)
