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
    return Mutant(name, reason, tuple(Edit(f"verify/{file}.py", *texts) for file, *texts in edits))
