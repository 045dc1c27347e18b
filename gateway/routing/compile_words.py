"""How methods, filters and tests compile. The tables of those allowed are in `words`."""

from collections.abc import Sequence

from jinja2 import nodes

from gateway.routing import closures
from gateway.routing.budget import Budget
from gateway.routing.closures import Run
from gateway.routing.comparing import contains
from gateway.routing.compiler import Code, Compiler
from gateway.routing.syntax import did_you_mean, quoted
from gateway.routing.values import LONG
from gateway.routing.words import FILTERS, METHODS, TESTS, Word


def _contains(value: object, arguments: Sequence[object], budget: Budget) -> object:
    return contains(arguments[0], value, budget)


_IN = Word(_contains, 1, 1)


def _arguments(
    compiler: Compiler, node: nodes.Call | nodes.Filter | nodes.Test, name: str, word: Word
) -> tuple[Code, ...]:
    if node.kwargs or node.dyn_args is not None or node.dyn_kwargs is not None:
        compiler.refuse(node, f"{quoted(name)} takes no named or starred arguments")
    if not word.least <= len(node.args) <= word.most:
        wanted = str(word.least) if word.least == word.most else f"{word.least} to {word.most}"
        compiler.refuse(node, f"{quoted(name)} takes {wanted} arguments, not {len(node.args)}")
    arguments = tuple(compiler.expression(argument) for argument in node.args)
    if word.literal and not all(isinstance(code.constant, str) for code in arguments):
        compiler.refuse(node, f"{quoted(name)} needs a text in quotes here")
    return arguments


def _act_on(value: Run, word: Word, arguments: Sequence[Code]) -> Run:
    if all(code.is_constant for code in arguments):
        return closures.word(value, word.act, tuple(code.constant for code in arguments))
    return closures.word_with(value, word.act, tuple(code.run for code in arguments))


def compile_filter(compiler: Compiler, node: nodes.Filter) -> Code:
    word = FILTERS.get(node.name)
    if word is None or node.node is None:
        compiler.refuse(
            node, f"no filter {quoted(node.name)} here", did_you_mean(node.name, FILTERS)
        )
    arguments = _arguments(compiler, node, node.name, word)
    return Code(_act_on(compiler.expression(node.node).run, word, arguments))


def compile_test(compiler: Compiler, node: nodes.Test) -> Code:
    word = _IN if node.name == "in" else TESTS.get(node.name)
    if word is None:
        hint = did_you_mean(node.name, {*TESTS, "in"})
        compiler.refuse(node, f"no test {quoted(node.name)} here", hint)
    arguments = _arguments(compiler, node, node.name, word)
    return Code(_act_on(compiler.expression(node.node).run, word, arguments))


def compile_call(compiler: Compiler, node: nodes.Call) -> Code:
    if not isinstance(node.node, nodes.Getattr):
        compiler.refuse(node, "only methods of text can be called", "such as name.lower()")
    name = node.node.attr
    word = METHODS.get(name)
    if word is None:
        compiler.refuse(node.node, f"no method {quoted(name)} here", did_you_mean(name, METHODS))
    arguments = _arguments(compiler, node, name, word)
    value = compiler.expression(node.node.node).run
    if all(code.is_constant for code in arguments):
        constants = tuple(code.constant for code in arguments)
        if name == "startswith" and isinstance(constants[0], str) and len(constants[0]) <= LONG:
            return Code(closures.begins(value, constants[0]))
        return Code(closures.method(value, name, word.act, constants))
    return Code(closures.method_with(value, name, word.act, tuple(c.run for c in arguments)))
