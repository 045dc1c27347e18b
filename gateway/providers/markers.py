"""What a rule's `when` can ask of a value beside being equal to it.

Values only: `normalize` compiles them. In YAML each is a mapping of one key (`read`).
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Mark:
    """A test without an argument."""

    name: str


PRESENT: Final = Mark("present")
"""There, and neither null nor an empty text."""
ABSENT: Final = Mark("absent")
"""Not there, or null, or an empty text."""
ZEROS: Final = Mark("zeros")
"""A commit id of nothing but zeros: git's word for "no commit"."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """A text that begins so."""

    text: str


@dataclass(frozen=True, slots=True)
class Same:
    """Equal to the value that another pointer finds, and present."""

    at: str


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a test; holds for what is absent too, unless the test does."""

    test: "Test"


Scalar = str | int | float | bool
Test = Scalar | tuple[Scalar, ...] | Mark | Prefix | Same | Not
"""A JSON scalar: equal to it (`true` is not 1). A tuple: one of them. Else a marker."""


def read(value: object) -> Test:
    """A test as YAML writes it: a scalar, a list, or one of `{present: true}` `{present: false}`
    `{zeros: true}` `{prefix: text}` `{same: pointer}` `{not: test}`.

    Raises `ValueError` with a text fit for the author of the file.
    """
    if isinstance(value, Scalar):
        return value
    if isinstance(value, list) and value and all(isinstance(one, Scalar) for one in value):
        return tuple(value)
    match value:
        case {"present": bool(yes), **rest} if not rest:
            return PRESENT if yes else ABSENT
        case {"zeros": bool(yes), **rest} if not rest:
            return ZEROS if yes else Not(ZEROS)
        case {"prefix": str(text), **rest} if not rest and text:
            return Prefix(text)
        case {"same": str(at), **rest} if not rest and at:
            return Same(at)
        case {"not": inner, **rest} if not rest:
            return Not(read(inner))
    raise ValueError(
        "a test is a value, a list of values, or one of {present: true|false}, {zeros: true|false}, "
        "{prefix: text}, {same: pointer}, {not: test}"
    )
