"""What a mutant is: a mistake somebody could make in the package, as a small patch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Edit:
    """A text of a file of the package, and what stands there instead."""

    file: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutant:
    """One mistake."""

    name: str
    reason: str
    """What it would let in, or lose."""
    edits: tuple[Edit, ...]


def mutant(name: str, reason: str, *edits: tuple[str, str, str]) -> Mutant:
    """edits: a file of `gateway/verify`, or one of the package with its folder; old; new."""
    made = (
        Edit(f"{file}.py" if "/" in file else f"verify/{file}.py", old, new)
        for file, old, new in edits
    )
    return Mutant(name, reason, tuple(made))
