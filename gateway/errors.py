"""The tree of errors. Each knows its outcome; a person's message and an operator's reason differ.

Raise where it is known, catch where it is answered, nowhere between.
"""

from dataclasses import dataclass

from gateway.model.outcomes import OUTCOMES, Outcome


class GatewayError(Exception):
    """The root: something a person can act on. Its text is fit to be shown."""


class RequestRefused(GatewayError):
    """A request that is not let in.

    outcome: how it ends, and so what the sender is told.
    reason: for the operator only; never holds a secret or the sender's text.
    retry_after: seconds, where they are known better than the outcome's row knows them.
    """

    def __init__(self, outcome: Outcome, reason: str, *, retry_after: int | None = None) -> None:
        row = OUTCOMES[outcome]
        super().__init__(row.title)
        self.outcome = outcome
        self.reason = reason
        self.retry_after = row.retry_after if retry_after is None else retry_after


class StoreUnavailable(GatewayError):
    """The store could not commit; nothing of the batch was kept."""


class StoreLocked(GatewayError):
    """Another process holds the database.

    holder: its number, where the lock file says so.
    """

    def __init__(self, message: str, holder: int | None = None) -> None:
        super().__init__(message)
        self.holder = holder


class ExpressionFailed(GatewayError):
    """An expression could not be evaluated: a wrong type, or a budget that ran out."""


def forget_frames(error: BaseException) -> None:
    """Cuts an error, and what caused it, off from the frames it came through.

    Where one of them names the error, both hold one another, and all that these frames hold stays
    until a collection: a body of 25 MB for each refused request or failed attempt.
    """
    one: BaseException | None = error
    while one is not None and one.__traceback__ is not None:
        one.__traceback__ = None
        one = one.__cause__ or one.__context__


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a configuration file, with all that is needed to mend it."""

    message: str
    file: str
    line: int = 0
    """From 1; 0 where no place can be named."""
    column: int = 0
    """From 1."""
    path: str = ""
    """The place in the file's structure: `sources.github.secrets[0]`."""
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        text = f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"
        return f"{text}\n    {self.hint}" if self.hint else text


class ConfigInvalid(GatewayError):
    """A configuration file with mistakes: all of them at once."""

    def __init__(self, problems: tuple[Problem, ...], warnings: tuple[Problem, ...] = ()) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
        self.warnings = warnings
