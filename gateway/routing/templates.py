"""Text with `{{ … }}` in it: headers of targets, and the strings of a transform."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from jinja2 import nodes

from gateway.errors import ExpressionFailed
from gateway.routing.allowlist import new_compiler
from gateway.routing.budget import Budget
from gateway.routing.closures import Run
from gateway.routing.compiler import Compiler
from gateway.routing.constants import put_in
from gateway.routing.expressions import NO_CONSTANTS, guarded
from gateway.routing.scope import NAMES, Scope
from gateway.routing.syntax import BadExpression, parse_template, plain_lines, quoted
from gateway.routing.values import absent, kind, text_of

Use = Literal["header", "transform"]
"""Loops and conditions are for `transform`; what a `header` gives is checked to be one."""

_Write = Callable[[Scope, Budget, list[str]], None]
_MAX_BLOCKS = 16
_LOOP_COST = 3
"""Steps of one turn of a loop, besides what it holds."""


@dataclass(frozen=True, slots=True)
class TextTemplate:
    """A compiled text.

    constant: the whole result, where nothing of an event is in it; else None.
    """

    source: str
    use: Use
    constant: str | None
    fields_used: frozenset[str]
    _write: _Write
    _cost: int
    _single: Run | None

    def render(self, scope: Scope, budget: Budget) -> str:
        """The text. Raises ExpressionFailed, for a header also where the result cannot be one."""
        if self.constant is not None:
            return self.constant
        out: list[str] = []
        budget.spend(self._cost)
        try:
            self._write(scope, budget, out)
        except guarded as error:
            raise ExpressionFailed(f"could not be evaluated ({type(error).__name__})") from error
        text = "".join(out)
        if self.use == "header":
            problem = header_problem(text)
            if problem:
                raise ExpressionFailed(f"the header's value {problem}")
            return text.strip(" ")
        return text

    def value(self, scope: Scope, budget: Budget) -> object:
        """The text, or the value itself where it is exactly one `{{ … }}` (then maybe MISSING)."""
        if self._single is None:
            return self.render(scope, budget)
        budget.spend(self._cost)
        try:
            return self._single(scope, budget)
        except guarded as error:
            raise ExpressionFailed(f"could not be evaluated ({type(error).__name__})") from error


def header_problem(text: str) -> str:
    """Why a text cannot be a header's value; empty: it can.

    RFC 9110, 5.5: no control characters, so no second line; ISO 8859-1 is what every server reads.
    """
    for letter in text:
        if letter < " " or "\x7f" <= letter <= "\x9f":
            return "holds a line break or another control character"
        if letter > "\xff":
            return "holds a letter outside of ISO 8859-1"
    return ""


def compile_text(
    text: str,
    *,
    use: Use = "header",
    names: frozenset[str] = NAMES,
    fields: frozenset[str] | None = None,
    constants: Mapping[str, str] = NO_CONSTANTS,
    source: str | None = None,
) -> TextTemplate:
    """Compile a text. Raises BadExpression. Arguments as `compile_expression` has them.

    constants: from `bind_text_constants`.
    """
    text = plain_lines(text)
    tree = parse_template(text)
    body = _Body(new_compiler(text, names, fields, constants), use)
    write, cost = body.block(tree.body)
    constant = body.constant(tree.body)
    if use == "header" and constant is not None:
        problem = header_problem(constant)
        if problem:
            raise BadExpression(f"the header's value {problem}", text=text)
        constant = constant.strip(" ")
    return TextTemplate(
        source=text if source is None else source,
        use=use,
        constant=constant,
        fields_used=frozenset(body.compiler.fields_used),
        _write=write,
        _cost=cost,
        _single=body.single,
    )


def fixed_text(text: str) -> TextTemplate:
    """What is always this text, whatever signs of a template are in it."""

    def write(_scope: Scope, _budget: Budget, out: list[str]) -> None:
        out.append(text)

    return TextTemplate(text, "header", text, frozenset(), write, 0, None)


class _Body:
    """Compiles the statements around expressions."""

    def __init__(self, compiler: Compiler, use: Use) -> None:
        self.compiler = compiler
        self.single: Run | None = None
        self._loops = use == "transform"
        self._depth = 0

    def constant(self, body: Sequence[nodes.Node]) -> str | None:
        """The text of a body that is nothing but text."""
        texts = []
        for node in body:
            if not isinstance(node, nodes.Output):
                return None
            for part in node.nodes:
                if not isinstance(part, nodes.TemplateData):
                    return None
                texts.append(put_in(part.data, self.compiler.constants))
        return "".join(texts)

    def block(self, body: Sequence[nodes.Node]) -> tuple[_Write, int]:
        """A body's writer, and what it costs to enter it."""
        before, self.compiler.cost = self.compiler.cost, 0
        self._depth += 1
        writers = tuple(self._statement(node) for node in body)
        self._depth -= 1
        cost, self.compiler.cost = self.compiler.cost, before
        if self._depth == 0 and len(body) == 1 and isinstance(body[0], nodes.Output):
            parts = body[0].nodes
            if len(parts) == 1 and not isinstance(parts[0], nodes.TemplateData):
                self.single, _ = self.compiler.part(parts[0])
        return _all(writers), cost

    def _statement(self, node: nodes.Node) -> _Write:
        if isinstance(node, nodes.Output):
            return _all(tuple(self._output(part) for part in node.nodes))
        if isinstance(node, nodes.If | nodes.For) and not self._loops:
            self.compiler.refuse(
                node, "`{% … %}` is for `transform` only", "write {{ a if condition else b }}"
            )
        if self._depth > _MAX_BLOCKS:
            self.compiler.refuse(node, "nested too deep")
        if isinstance(node, nodes.If):
            return self._if(node)
        if isinstance(node, nodes.For):
            return self._for(node)
        self.compiler.expression(node)
        raise AssertionError("no statement is an expression")  # pragma: no cover

    def _output(self, node: nodes.Node) -> _Write:
        self.compiler.cost += 1
        if isinstance(node, nodes.TemplateData):
            return _data(put_in(node.data, self.compiler.constants))
        return _value(self.compiler.expression(node).run)

    def _if(self, node: nodes.If) -> _Write:
        choices = tuple(
            (*self.compiler.part(branch.test), *self.block(branch.body))
            for branch in (node, *node.elif_)
        )
        return _choose(choices, *self.block(node.else_))

    def _for(self, node: nodes.For) -> _Write:
        if node.recursive:
            self.compiler.refuse(node, "recursive loops are not allowed")
        if not isinstance(node.target, nodes.Name):
            self.compiler.refuse(node.target, "a loop has one name")
        name = node.target.name
        if name in self.compiler.names or name in self.compiler.constants or name == "loop":
            self.compiler.refuse(node.target, f"{quoted(name)} is taken", "choose another name")
        items = self.compiler.expression(node.iter).run
        otherwise = self.block(node.else_)
        self.compiler.variables.append(name)
        test = None if node.test is None else self.compiler.part(node.test)
        body = self.block(node.body)
        self.compiler.variables.pop()
        return _loop(items, test, body, otherwise)


def _all(writers: tuple[_Write, ...]) -> _Write:
    if len(writers) == 1:
        return writers[0]

    def write(scope: Scope, budget: Budget, out: list[str]) -> None:
        for part in writers:
            part(scope, budget, out)

    return write


def _data(text: str) -> _Write:
    def write(_scope: Scope, budget: Budget, out: list[str]) -> None:
        budget.emit(len(text))
        out.append(text)

    return write


def _value(run: Run) -> _Write:
    def write(scope: Scope, budget: Budget, out: list[str]) -> None:
        text = text_of(run(scope, budget), budget)
        budget.emit(len(text))
        out.append(text)

    return write


def _choose(
    choices: tuple[tuple[Run, int, _Write, int], ...], otherwise: _Write, otherwise_cost: int
) -> _Write:
    def write(scope: Scope, budget: Budget, out: list[str]) -> None:
        for test, test_cost, body, cost in choices:
            budget.spend(test_cost)
            if test(scope, budget):
                budget.spend(cost)
                body(scope, budget, out)
                return
        budget.spend(otherwise_cost)
        otherwise(scope, budget, out)

    return write


def _loop(
    items: Run,
    test: tuple[Run, int] | None,
    body: tuple[_Write, int],
    otherwise: tuple[_Write, int],
) -> _Write:
    def write(scope: Scope, budget: Budget, out: list[str]) -> None:
        values = items(scope, budget)
        if not isinstance(values, list) and not absent(values):
            raise ExpressionFailed(f"a loop needs a list, not {kind(values)}")
        turns = 0
        for value in values if isinstance(values, list) else ():
            budget.spend(_LOOP_COST)
            inner = scope.inside(value)
            if test is not None:
                budget.spend(test[1])
                if not test[0](inner, budget):
                    continue
            turns += 1
            budget.spend(body[1])
            body[0](inner, budget, out)
        if not turns:
            budget.spend(otherwise[1])
            otherwise[0](scope, budget, out)

    return write
