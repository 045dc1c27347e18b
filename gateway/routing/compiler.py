"""jinja2's syntax tree to closures of ours: the allowlist. What values mean lives in `values`.

A node type that is not in `_NODES` is refused when the file is read. No Python attribute, method,
global or generated code is ever reached from an expression.

Cost: a part that always runs is charged where its whole is entered, once, by its number of nodes;
a part that may not run (`and`, `or`, `if`) is charged when it is entered.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, NoReturn

from jinja2 import nodes

from gateway.errors import ExpressionFailed
from gateway.routing import closures
from gateway.routing.closures import Run
from gateway.routing.constants import put_in
from gateway.routing.syntax import BadExpression, did_you_mean, quoted
from gateway.routing.values import MAX_BITS
from gateway.routing.words import FILTERS, METHODS, TESTS, Word

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


def _constant(value: object) -> Code:
    return Code(closures.constant(value), value)


_REFUSED: Mapping[type[nodes.Node], tuple[str, str]] = {
    nodes.Pow: ("`**` is not allowed", ""),
    nodes.Mod: ("`%` is not allowed", "put texts together with `~`"),
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
    ) -> None:
        self.text = text
        self.names = names
        self.fields = fields
        self.constants = constants
        self.variables: list[str] = []
        self.fields_used: set[str] = set()
        self.cost = 0
        self._depth = 0
        self._nodes = 0

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
        make = _NODES.get(type(node))
        if make is None:
            message, hint = _REFUSED.get(
                type(node), (f"{type(node).__name__.lower()} is not allowed in an expression", "")
            )
            self.refuse(node, message, hint)
        self._nodes += 1
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self.refuse(node, "nested too deep")
        if self._nodes > MAX_NODES:
            self.refuse(node, "too long")
        self.cost += 1
        code = make(self, node)
        self._depth -= 1
        return code

    # ------------------------------------------------------------ leaves

    def _const(self, node: nodes.Const) -> Code:
        value = node.value
        if isinstance(value, str):
            value = put_in(value, self.constants)
            if not _is_unicode(value):
                self.refuse(node, "text that is not valid Unicode")
        elif isinstance(value, int) and value.bit_length() > MAX_BITS:
            self.refuse(node, "a number too large")
        elif isinstance(value, float) and value in {float("inf"), float("-inf")}:
            self.refuse(node, "a number too large")
        return _constant(value)

    def _list(self, node: nodes.List | nodes.Tuple) -> Code:
        items = [self.expression(item) for item in node.items]
        if all(item.is_constant for item in items):
            return _constant([item.constant for item in items])
        return Code(closures.make_list(tuple(item.run for item in items)))

    def _dict(self, node: nodes.Dict) -> Code:
        pairs: list[tuple[str, Run]] = []
        for pair in node.items:
            key = self.expression(pair.key).constant
            if not isinstance(key, str):
                self.refuse(pair.key, "a key must be text in quotes")
            pairs.append((key, self.expression(pair.value).run))
        return Code(closures.make_dict(tuple(pairs)))

    # ------------------------------------------------------------ names and paths

    def _name(self, node: nodes.Name) -> Code:
        if node.name in self.variables:
            return Code(closures.variable(self._slot(node.name)))
        if node.name in self.constants:
            return _constant(self.constants[node.name])
        if node.name not in self.names:
            self.refuse(
                node,
                f"{quoted(node.name)} is not a name known here",
                did_you_mean(node.name, self.names | set(self.variables)),
            )
        if node.name == "headers":
            self.refuse(node, "`headers` needs a name behind it", "write headers['x-name']")
        return Code(closures.root(attrgetter(node.name)))

    def _slot(self, name: str) -> int:
        return len(self.variables) - 1 - self.variables[::-1].index(name)

    def _is_root(self, node: nodes.Node, name: str | None = None) -> bool:
        return (
            isinstance(node, nodes.Name)
            and node.name in self.names
            and node.name not in self.variables
            and name in {None, node.name}
        )

    def _getattr(self, node: nodes.Getattr) -> Code:
        if self._is_root(node.node, "headers"):
            return Code(closures.header(node.attr.lower().replace("_", "-")))
        return self._path(node, node.node, node.attr)

    def _getitem(self, node: nodes.Getitem) -> Code:
        key = self.expression(node.arg)
        if self._is_root(node.node, "headers"):
            if not key.is_constant:
                return Code(closures.computed_header(key.run))
            if not isinstance(key.constant, str):
                self.refuse(node.arg, "a header's name must be text")
            return Code(closures.header(key.constant.lower()))
        if key.is_constant:
            if type(key.constant) not in {str, int}:
                self.refuse(node.arg, "a key must be text, an index a whole number")
            return self._path(node, node.node, key.constant)
        return Code(closures.item(self.expression(node.node).run, key.run))

    def _path(self, node: nodes.Node, below: nodes.Node, key: object) -> Code:
        """Keys known beforehand: a whole path from a name becomes one closure."""
        keys = [key]
        while True:
            if isinstance(below, nodes.Getattr) and not self._is_root(below.node, "headers"):
                keys.append(below.attr)
                below = below.node
            elif (
                isinstance(below, nodes.Getitem)
                and isinstance(below.arg, nodes.Const)
                and type(below.arg.value) in {str, int}
                and not self._is_root(below.node, "headers")
            ):
                value = below.arg.value
                keys.append(put_in(value, self.constants) if isinstance(value, str) else value)
                below = below.node
            else:
                break
        keys.reverse()
        self.cost += len(keys) - 1
        if isinstance(below, nodes.Name) and self._is_root(below):
            if below.name == "event":
                self._check_field(node, keys[0])
            self._nodes += len(keys)
            return Code(closures.path(attrgetter(below.name), tuple(keys)))
        return Code(closures.path_from(self.expression(below).run, tuple(keys)))

    def _check_field(self, node: nodes.Node, field: object) -> None:
        if not isinstance(field, str):
            self.refuse(node, "`event` has names, not numbers")
        self.fields_used.add(field)
        if self.fields is not None and field not in self.fields:
            self.refuse(
                node,
                f"no event of these types has a field {quoted(field)}",
                did_you_mean(field, self.fields),
            )

    # ------------------------------------------------------------ words

    def _arguments(
        self, node: nodes.Call | nodes.Filter | nodes.Test, name: str, word: Word
    ) -> tuple[Code, ...]:
        if node.kwargs or node.dyn_args is not None or node.dyn_kwargs is not None:
            self.refuse(node, f"{quoted(name)} takes no named or starred arguments")
        if not word.least <= len(node.args) <= word.most:
            wanted = str(word.least) if word.least == word.most else f"{word.least} to {word.most}"
            self.refuse(node, f"{quoted(name)} takes {wanted} arguments, not {len(node.args)}")
        arguments = tuple(self.expression(argument) for argument in node.args)
        if word.literal and not all(isinstance(code.constant, str) for code in arguments):
            self.refuse(node, f"{quoted(name)} needs a text in quotes here")
        return arguments

    def _word(self, value: Run, word: Word, arguments: Sequence[Code]) -> Run:
        if all(code.is_constant for code in arguments):
            return closures.word(value, word.act, tuple(code.constant for code in arguments))
        return closures.word_with(value, word.act, tuple(code.run for code in arguments))

    def _filter(self, node: nodes.Filter) -> Code:
        word = FILTERS.get(node.name)
        if word is None or node.node is None:
            self.refuse(
                node, f"no filter {quoted(node.name)} here", did_you_mean(node.name, FILTERS)
            )
        arguments = self._arguments(node, node.name, word)
        return Code(self._word(self.expression(node.node).run, word, arguments))

    def _test(self, node: nodes.Test) -> Code:
        if node.name == "in":
            (container,) = self._arguments(node, "in", Word(_no_action, 1, 1))
            return Code(closures.contained(self.expression(node.node).run, container.run))
        word = TESTS.get(node.name)
        if word is None:
            hint = did_you_mean(node.name, {*TESTS, "in"})
            self.refuse(node, f"no test {quoted(node.name)} here", hint)
        arguments = self._arguments(node, node.name, word)
        return Code(self._word(self.expression(node.node).run, word, arguments))

    def _call(self, node: nodes.Call) -> Code:
        if not isinstance(node.node, nodes.Getattr):
            self.refuse(node, "only methods of text can be called", "such as name.lower()")
        name = node.node.attr
        word = METHODS.get(name)
        if word is None:
            self.refuse(node.node, f"no method {quoted(name)} here", did_you_mean(name, METHODS))
        arguments = self._arguments(node, name, word)
        value = self.expression(node.node.node).run
        if all(code.is_constant for code in arguments):
            constants = tuple(code.constant for code in arguments)
            return Code(closures.method(value, name, word.act, constants))
        return Code(closures.method_with(value, name, word.act, tuple(c.run for c in arguments)))

    # ------------------------------------------------------------ operators

    def _compare(self, node: nodes.Compare) -> Code:
        left = self.expression(node.expr)
        steps = [(operand.op, self.expression(operand.expr)) for operand in node.ops]
        if len(steps) == 1:
            sign, right = steps[0]
            if sign in {"eq", "ne"} and isinstance(right.constant, str):
                return Code(closures.equals_text(left.run, right.constant, sign == "eq"))
            return Code(closures.compare(left.run, closures.COMPARISONS[sign], right.run))
        chain = tuple((closures.COMPARISONS[sign], code.run) for sign, code in steps)
        return Code(closures.compare_chain(left.run, chain))

    def _and(self, node: nodes.And) -> Code:
        return Code(closures.both(self.expression(node.left).run, *self.part(node.right)))

    def _or(self, node: nodes.Or) -> Code:
        return Code(closures.either(self.expression(node.left).run, *self.part(node.right)))

    def _not(self, node: nodes.Not) -> Code:
        return Code(closures.negation(self.expression(node.node).run))

    def _choice(self, node: nodes.CondExpr) -> Code:
        condition = self.expression(node.test).run
        other = (closures.nothing, 0) if node.expr2 is None else self.part(node.expr2)
        return Code(closures.choice(condition, self.part(node.expr1), other))

    def _arithmetic(self, node: nodes.BinExpr) -> Code:
        left, right = self.expression(node.left), self.expression(node.right)
        sign = _SIGNS[type(node)]
        for side in (left, right):
            if side.is_constant and type(side.constant) not in {int, float}:
                hint = "put texts together with `~`" if sign == "+" else ""
                self.refuse(node, f"`{sign}` is for numbers only", hint)
        return Code(closures.arithmetic(left.run, sign, right.run))

    def _signed(self, node: nodes.Neg | nodes.Pos) -> Code:
        code = self.expression(node.node)
        sign = "-" if isinstance(node, nodes.Neg) else "+"
        if isinstance(code.constant, int | float) and not isinstance(code.constant, bool):
            return _constant(-code.constant if sign == "-" else code.constant)
        return Code(closures.arithmetic(closures.constant(0), sign, code.run))

    def _concat(self, node: nodes.Concat) -> Code:
        return Code(closures.concat(tuple(self.expression(part).run for part in node.nodes)))


def _no_action(_value: object, _arguments: Sequence[object], _budget: object) -> object:
    raise ExpressionFailed("not a word of its own")


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


_SIGNS: Mapping[type[nodes.Node], str] = {
    nodes.Add: "+",
    nodes.Sub: "-",
    nodes.Mul: "*",
    nodes.Div: "/",
    nodes.FloorDiv: "//",
}

# The allowlist. Each method takes its own node type, which a table cannot say to mypy.
_NODES: Mapping[type[nodes.Node], Callable[..., Code]] = {
    nodes.Const: Compiler._const,
    nodes.Name: Compiler._name,
    nodes.Getattr: Compiler._getattr,
    nodes.Getitem: Compiler._getitem,
    nodes.Call: Compiler._call,
    nodes.Filter: Compiler._filter,
    nodes.Test: Compiler._test,
    nodes.Compare: Compiler._compare,
    nodes.And: Compiler._and,
    nodes.Or: Compiler._or,
    nodes.Not: Compiler._not,
    nodes.CondExpr: Compiler._choice,
    nodes.Concat: Compiler._concat,
    nodes.List: Compiler._list,
    nodes.Tuple: Compiler._list,
    nodes.Dict: Compiler._dict,
    nodes.Neg: Compiler._signed,
    nodes.Pos: Compiler._signed,
    **dict.fromkeys(_SIGNS, Compiler._arithmetic),
}
