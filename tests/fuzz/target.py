"""What a fuzz target is: a promise, and a function that breaks it loudly if some bytes can.

A target's input is always something a person can read and write: a header, a request, an
expression with its data, a file. So a seed is written by hand, and a found case tells what it is.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from hypothesis.strategies import SearchStrategy

FOLDER = Path(__file__).parent
SEEDS = FOLDER / "seeds"
FOUND = FOLDER / "found"


class Violation(AssertionError):
    """A promise that some input breaks."""


def promise(holds: object, broken: str) -> None:
    """Raises `Violation` unless it holds."""
    if not holds:
        raise Violation(broken)


def nothing_more() -> Iterable[tuple[str, bytes]]:
    """No seeds but the committed ones."""
    return ()


def blocks(file: Path) -> Iterable[tuple[str, bytes]]:
    """The seeds of a file: each behind a line `===== name`, up to the line end before the next."""
    if not file.exists():
        return
    for block in (b"\n" + file.read_bytes()).removesuffix(b"\n").split(b"\n===== ")[1:]:
        name, _, data = block.partition(b"\n")
        yield name.decode(), data


@dataclass(frozen=True)
class Target:
    """One thing to attack."""

    name: str
    promise: str
    """What must hold for every input."""
    run: Callable[[bytes], None]
    """Judges one input; whatever it raises is a finding."""
    cases: SearchStrategy[bytes]
    """Inputs of the right shape."""
    more_seeds: Callable[[], Iterable[tuple[str, bytes]]] = nothing_more
    """Names and inputs that the repository holds already: samples, vectors, documented files."""
    mutate: Callable[[bytes, Random], bytes | None] | None = None
    """Changes an input within its shape; None where it has none."""
    words: tuple[str, ...] = ()
    """What the format knows: libFuzzer's dictionary."""

    def committed(self) -> Iterable[tuple[str, bytes]]:
        """Seeds and found cases in the repository."""
        yield from blocks(SEEDS / f"{self.name}.seeds")
        folder = FOUND / self.name
        for file in sorted(folder.iterdir()) if folder.is_dir() else ():
            yield f"found-{file.name}", file.read_bytes()

    def seeds(self) -> Iterable[tuple[str, bytes]]:
        """All inputs to begin with."""
        yield from self.committed()
        yield from self.more_seeds()
