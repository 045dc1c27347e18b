"""How operators compile. What they mean lives in `values`."""

from collections.abc import Mapping

from jinja2 import nodes

from gateway.routing import closures, operators
from gateway.routing.compiler import Code, Compiler, constant

_ARITHMETIC = 2
"""Steps of one sum besides its node: numbers may have 256 bits."""

SIGNS: Mapping[type[nodes.Node], str] = {
    nodes.Add: "+",
    nodes.Sub: "-",
    nodes.Mul: "*",
    nodes.Div: "/",
    nodes.FloorDiv: "//",
    nodes.Mod: "%",
}
"""On numbers only, `%` too, which formats text in Python. No `**`, which makes endless numbers."""


def compile_compare(compiler: Compiler, node: nodes.Compare) -> Code:
    left = compiler.expression(node.expr)
    steps = [(operand.op, compiler.expression(operand.expr)) for operand in node.ops]
    if len(steps) == 1:
        sign, right = steps[0]
        if sign in {"eq", "ne"} and isinstance(right.constant, str):
            return Code(operators.equals_text(left.run, right.constant, sign == "eq"))
        return Code(operators.compare(left.run, operators.COMPARISONS[sign], right.run))
    chain = tuple((operators.COMPARISONS[sign], code.run) for sign, code in steps)
    return Code(operators.compare_chain(left.run, chain))


def compile_and(compiler: Compiler, node: nodes.And) -> Code:
    return Code(operators.both(compiler.expression(node.left).run, *compiler.part(node.right)))


def compile_or(compiler: Compiler, node: nodes.Or) -> Code:
    return Code(operators.either(compiler.expression(node.left).run, *compiler.part(node.right)))


def compile_not(compiler: Compiler, node: nodes.Not) -> Code:
    return Code(operators.negation(compiler.expression(node.node).run))


def compile_choice(compiler: Compiler, node: nodes.CondExpr) -> Code:
    condition = compiler.expression(node.test).run
    other = (closures.nothing, 0) if node.expr2 is None else compiler.part(node.expr2)
    return Code(operators.choice(condition, compiler.part(node.expr1), other))


def compile_arithmetic(compiler: Compiler, node: nodes.BinExpr) -> Code:
    left, right = compiler.expression(node.left), compiler.expression(node.right)
    sign = SIGNS[type(node)]
    compiler.cost += _ARITHMETIC
    for side in (left, right):
        if side.is_constant and type(side.constant) not in {int, float}:
            hint = "put texts together with `~`" if sign in {"+", "%"} else ""
            compiler.refuse(node, f"`{sign}` is for numbers only", hint)
    return Code(operators.arithmetic(left.run, sign, right.run))


def compile_signed(compiler: Compiler, node: nodes.Neg | nodes.Pos) -> Code:
    code = compiler.expression(node.node)
    sign = "-" if isinstance(node, nodes.Neg) else "+"
    if isinstance(code.constant, int | float) and not isinstance(code.constant, bool):
        return constant(-code.constant if sign == "-" else code.constant)
    compiler.cost += _ARITHMETIC
    return Code(operators.arithmetic(closures.constant(0), sign, code.run))


def compile_concat(compiler: Compiler, node: nodes.Concat) -> Code:
    return Code(operators.concat(tuple(compiler.expression(part).run for part in node.nodes)))
