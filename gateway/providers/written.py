"""A Python function written at run time, line by line: rules become some, for a call of a function
for each place, test and field costs more than what it does.

Nothing from outside ever is part of its text. Whatever a declaration or a configuration says (keys,
texts, numbers) is bound to a name and only named.
"""

from collections.abc import Callable
from typing import Any


class Written:
    """A function that is still being written. Its text can be printed: `str`."""

    __slots__ = ("_lines", "_names")

    def __init__(self, head: str) -> None:
        """head: `def name(parameters):`."""
        self._lines = [head]
        self._names: dict[str, object] = {}

    def __str__(self) -> str:
        return "\n".join(self._lines)

    def bind(self, value: object, name: str = "k") -> str:
        """The name under which the text may speak of a value."""
        bound = f"{name}{len(self._names)}"
        self._names[bound] = value
        return bound

    def line(self, text: str) -> None:
        """Writes a line."""
        self._lines.append("    " + text)

    def function(self, name: str) -> Callable[..., Any]:
        """The finished function."""
        scope = dict(self._names)
        exec(compile(str(self), f"<written {name}>", "exec"), scope)  # noqa: S102  # only our own text
        made: Callable[..., Any] = scope[name]  # type: ignore[assignment]  # as the head says
        return made
