"""Walks jinja2's syntax tree and counts what it costs. Which nodes it may hold: `allowlist`.

A node type that is not on the list is refused when the file is read. No Python attribute, method,
global or generated code is ever reached from an expression.

Cost: a part that always runs is charged where its whole is entered, once, by its number of nodes;
a part that may not run (`and`, `or`, `if`) is charged when it is entered.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from jinja2 import nodes

from gateway.routing import closures
from gateway.routing.closures import Run
from gateway.routing.syntax import BadExpression

MAX_DEPTH = 100
MAX_NODES = 2_000
_VARIABLE: Final = object()


@dataclass(frozen=True, slots=True)
class Code:
    """A compiled part. constant: its value, where it always has the same."""

    run: Run
    constant: object = _VARIABLE

    @property
    def is_constant(self) -> bool:
        return self.constant is not _VARIABLE


def constant(value: object) -> Code:
    """A part that always has one value."""
    return Code(closures.constant(value), value)


_REFUSED: Mapping[type[nodes.Node], tuple[str, str]] = {
    nodes.Pow: ("`**` is not allowed", ""),
    nodes.Slice: ("slices are not allowed", ""),
    nodes.Assign: ("assignments are not allowed", ""),
    nodes.AssignBlock: ("assignments are not allowed", ""),
    nodes.Macro: ("macros are not allowed", ""),
    nodes.CallBlock: ("macros are not allowed", ""),
    nodes.Import: ("imports are not allowed", ""),
    nodes.FromImport: ("imports are not allowed", ""),
    nodes.Include: ("includes are not allowed", ""),
    nodes.Extends: ("`extends` is not allowed", ""),
}


class Compiler:
    """Compiles the parts of one text.

    names: what it may begin with. fields: the fields `event` has, None where that is unknown.
    constants: what stands in the text for `${NAME}`, and its value.
    """

    def __init__(
        self,
        text: str,
        names: frozenset[str],
        fields: frozenset[str] | None,
        constants: Mapping[str, str],
        allowed: Mapping[type[nodes.Node], Callable[..., Code]],
    ) -> None:
        self.text = text
        self.names = names
        self.fields = fields
        self.constants = constants
        self.allowed = allowed
        self.variables: list[str] = []
        self.fields_used: set[str] = set()
        self.cost = 0
        self._depth = 0
        self.nodes = 0
        """Nodes seen so far; what a text may have in all is limited."""

    def refuse(self, node: nodes.Node, message: str, hint: str = "") -> NoReturn:
        """Raise BadExpression at a node's place."""
        raise BadExpression(message, node.lineno or 0, hint, text=self.text)

    def part(self, node: nodes.Node) -> tuple[Run, int]:
        """A part that is charged when it is entered: its closure and its cost."""
        before, self.cost = self.cost, 0
        code = self.expression(node)
        cost, self.cost = self.cost, before
        return code.run, cost

    def expression(self, node: nodes.Node) -> Code:
        """Compile one node and all below it; its cost is added to `cost`."""
        make = self.allowed.get(type(node))
        if make is None:
            message, hint = _REFUSED.get(
                type(node), (f"{type(node).__name__.lower()} is not allowed in an expression", "")
            )
            self.refuse(node, message, hint)
        self.nodes += 1
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self.refuse(node, "nested too deep")
        if self.nodes > MAX_NODES:
            self.refuse(node, "too long")
        self.cost += 1
        code = make(self, node)
        self._depth -= 1
        return code

    def slot(self, name: str) -> int:
        """Where a loop's variable is found: the innermost of that name."""
        return len(self.variables) - 1 - self.variables[::-1].index(name)
