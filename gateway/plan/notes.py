"""Collects what is wrong while a plan is compiled, so that all of it is said at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.config import hints
from gateway.config.marks import Marked, Path_
from gateway.errors import Problem


@dataclass(slots=True)
class Notes:
    """Three lists: what makes the file invalid, what closes one source, what is only odd."""

    marked: Marked
    errors: list[Problem] = field(default_factory=list)
    closed: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def error(
        self,
        path: Path_,
        message: str,
        hint: str = "",
        *,
        key: bool = False,
        inside: int | None = None,
    ) -> None:
        """The file cannot be used."""
        self.errors.append(self.marked.problem(path, message, hint, key=key, inside=inside))

    def is_written(self, path: Path_) -> bool:
        """Whether a key stands in the file, or follows from a default."""
        return path in self.marked.keys

    def close(self, path: Path_, message: str, hint: str = "") -> None:
        """One source cannot be trusted; the rest runs."""
        self.closed.append(self.marked.problem(path, message, hint))

    def warn(self, path: Path_, message: str, hint: str = "", *, key: bool = False) -> None:
        """Allowed, and probably not meant."""
        self.warnings.append(self.marked.problem(path, message, hint, key=key))

    def unknown(self, path: Path_, kind: str, name: str, known: Iterable[str]) -> None:
        """A name that nothing has."""
        self.error(path, f"no {kind} {name!r}", hints.known(name, known))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What compiling depends on beside the file."""

    environ: Mapping[str, str]
    folder: Path
    """Of routes.yaml: what relative files count from."""
