"""How literals, names and paths compile. What a path finds lives in `values`."""

from operator import attrgetter

from jinja2 import nodes

from gateway.routing import closures
from gateway.routing.closures import Run
from gateway.routing.compiler import Code, Compiler, constant
from gateway.routing.constants import put_in
from gateway.routing.syntax import did_you_mean, is_unicode, quoted
from gateway.routing.values import MAX_BITS


def compile_const(compiler: Compiler, node: nodes.Const) -> Code:
    value = node.value
    if isinstance(value, str):
        value = put_in(value, compiler.constants)
        if not is_unicode(value):
            compiler.refuse(node, "text that is not valid Unicode")
    elif (isinstance(value, int) and value.bit_length() > MAX_BITS) or (
        isinstance(value, float) and value in {float("inf"), float("-inf")}
    ):
        compiler.refuse(node, "a number too large")
    return constant(value)


def compile_list(compiler: Compiler, node: nodes.List | nodes.Tuple) -> Code:
    items = [compiler.expression(item) for item in node.items]
    if all(item.is_constant for item in items):
        return constant([item.constant for item in items])
    return Code(closures.make_list(tuple(item.run for item in items)))


def compile_dict(compiler: Compiler, node: nodes.Dict) -> Code:
    pairs: list[tuple[str, Run]] = []
    for pair in node.items:
        key = compiler.expression(pair.key).constant
        if not isinstance(key, str):
            compiler.refuse(pair.key, "a key must be text in quotes")
        pairs.append((key, compiler.expression(pair.value).run))
    return Code(closures.make_dict(tuple(pairs)))


def compile_name(compiler: Compiler, node: nodes.Name) -> Code:
    if node.name in compiler.variables:
        return Code(closures.variable(compiler.slot(node.name)))
    if node.name in compiler.constants:
        return constant(compiler.constants[node.name])
    if node.name not in compiler.names:
        compiler.refuse(
            node,
            f"{quoted(node.name)} is not a name known here",
            did_you_mean(node.name, compiler.names | set(compiler.variables)),
        )
    if node.name == "headers":
        compiler.refuse(node, "`headers` needs a name behind it", "write headers['x-name']")
    return Code(closures.root(attrgetter(node.name)))


def _is_root(compiler: Compiler, node: nodes.Node, name: str | None = None) -> bool:
    return (
        isinstance(node, nodes.Name)
        and node.name in compiler.names
        and node.name not in compiler.variables
        and name in {None, node.name}
    )


def compile_getattr(compiler: Compiler, node: nodes.Getattr) -> Code:
    if _is_root(compiler, node.node, "headers"):
        return Code(closures.header(node.attr.lower().replace("_", "-")))
    return _path(compiler, node, node.node, node.attr)


def compile_getitem(compiler: Compiler, node: nodes.Getitem) -> Code:
    key = compiler.expression(node.arg)
    if _is_root(compiler, node.node, "headers"):
        if not key.is_constant:
            return Code(closures.computed_header(key.run))
        if not isinstance(key.constant, str):
            compiler.refuse(node.arg, "a header's name must be text")
        return Code(closures.header(key.constant.lower()))
    if key.is_constant:
        if type(key.constant) not in {str, int}:
            compiler.refuse(node.arg, "a key must be text, an index a whole number")
        return _path(compiler, node, node.node, key.constant)
    return Code(closures.item(compiler.expression(node.node).run, key.run))


def _path(compiler: Compiler, node: nodes.Node, below: nodes.Node, key: object) -> Code:
    """Keys known beforehand: a whole path from a name becomes one closure."""
    keys = [key]
    while True:
        if isinstance(below, nodes.Getattr) and not _is_root(compiler, below.node, "headers"):
            keys.append(below.attr)
            below = below.node
        elif (
            isinstance(below, nodes.Getitem)
            and isinstance(below.arg, nodes.Const)
            and type(below.arg.value) in {str, int}
            and not _is_root(compiler, below.node, "headers")
        ):
            value = below.arg.value
            keys.append(put_in(value, compiler.constants) if isinstance(value, str) else value)
            below = below.node
        else:
            break
    keys.reverse()
    compiler.cost += len(keys) - 1
    if isinstance(below, nodes.Name) and _is_root(compiler, below):
        if below.name == "event":
            _check_field(compiler, node, keys[0])
        compiler.nodes += len(keys)
        return Code(closures.path(below.name, tuple(keys)))
    return Code(closures.path_from(compiler.expression(below).run, tuple(keys)))


def _check_field(compiler: Compiler, node: nodes.Node, field: object) -> None:
    if not isinstance(field, str):
        compiler.refuse(node, "`event` has names, not numbers")
    compiler.fields_used.add(field)
    if compiler.fields is not None and field not in compiler.fields:
        compiler.refuse(
            node,
            f"no event of these types has a field {quoted(field)}",
            did_you_mean(field, compiler.fields),
        )
