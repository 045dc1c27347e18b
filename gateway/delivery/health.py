"""What an endpoint's active check says of it. Pure; `checks` makes the requests."""

from dataclasses import dataclass
from typing import Final

FAILED: Final = 2
"""Checks in a row that fail before nothing is sent there: one may be lost."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The checks so far. Before the first an endpoint counts as well."""

    failed: int = 0
    """In a row."""
    error: str = ""
    """What the last failed one was, for a person; empty: the last was good."""
    error_at: float | None = None

    @property
    def well(self) -> bool:
        """Whether deliveries are sent there."""
        return self.failed < FAILED


def after(checked: Checked, error: str, now: float) -> Checked:
    """The next check has ended. error: for a person; empty: it was good."""
    return Checked(checked.failed + 1, error, now) if error else Checked()
