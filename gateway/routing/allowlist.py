"""The allowlist: every node of jinja2's syntax that an expression may hold, and nothing else."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from jinja2 import nodes

from gateway.routing import compile_names, compile_operators, compile_words
from gateway.routing.compiler import Code, Compiler

# Each function takes its own node type, which a table cannot say to mypy.
_ALLOWED: dict[type[nodes.Node], Callable[..., Code]] = {
    nodes.Const: compile_names.compile_const,
    nodes.List: compile_names.compile_list,
    nodes.Tuple: compile_names.compile_list,
    nodes.Dict: compile_names.compile_dict,
    nodes.Name: compile_names.compile_name,
    nodes.Getattr: compile_names.compile_getattr,
    nodes.Getitem: compile_names.compile_getitem,
    nodes.Call: compile_words.compile_call,
    nodes.Filter: compile_words.compile_filter,
    nodes.Test: compile_words.compile_test,
    nodes.Compare: compile_operators.compile_compare,
    nodes.And: compile_operators.compile_and,
    nodes.Or: compile_operators.compile_or,
    nodes.Not: compile_operators.compile_not,
    nodes.CondExpr: compile_operators.compile_choice,
    nodes.Concat: compile_operators.compile_concat,
    nodes.Neg: compile_operators.compile_signed,
    nodes.Pos: compile_operators.compile_signed,
    **dict.fromkeys(compile_operators.SIGNS, compile_operators.compile_arithmetic),
}
ALLOWED: Mapping[type[nodes.Node], Callable[..., Code]] = MappingProxyType(_ALLOWED)


def new_compiler(
    text: str,
    names: frozenset[str],
    fields: frozenset[str] | None,
    constants: Mapping[str, str],
) -> Compiler:
    """A compiler for one text, over this list. Arguments as `Compiler` has them."""
    return Compiler(text, names, fields, constants, ALLOWED)
