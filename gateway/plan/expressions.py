"""Expressions and templates of the file, compiled; mistakes are placed inside their text."""

from gateway.config.marks import Path_
from gateway.plan.notes import Notes, Surroundings
from gateway.routing.constants import Binder, bind_constants, bind_text_constants
from gateway.routing.expressions import Expression, compile_expression
from gateway.routing.scope import NAMES
from gateway.routing.syntax import BadExpression
from gateway.routing.templates import TextTemplate, compile_text
from gateway.routing.transform import Transform, compile_transform


def expression(
    text: str, path: Path_, around: Surroundings, notes: Notes, fields: frozenset[str] | None
) -> Expression | None:
    """Compiles a condition or a key."""
    try:
        bound, constants = bind_constants(text, around.environ)
        return compile_expression(
            bound, names=NAMES, fields=fields, constants=constants, source=text
        )
    except BadExpression as error:
        for one in (error, *error.more):
            notes.error(path, one.message, one.hint, inside=one.offset)
    return None


def template(text: str, path: Path_, around: Surroundings, notes: Notes) -> TextTemplate | None:
    """Compiles a templated text (a target's header)."""
    try:
        bound, constants = bind_text_constants(text, around.environ)
        return compile_text(bound, use="header", names=NAMES, constants=constants, source=text)
    except BadExpression as error:
        for one in (error, *error.more):
            notes.error(path, one.message, one.hint, inside=one.offset)
    return None


def transformed(
    value: object, path: Path_, around: Surroundings, notes: Notes, fields: frozenset[str] | None
) -> Transform | None:
    """Compiles a transform: any JSON value whose texts are templates."""
    try:
        binder = Binder(around.environ)
        bound = binder.value(value)
        return compile_transform(bound, names=NAMES, fields=fields, constants=binder.constants)
    except BadExpression as error:
        for one in (error, *error.more):
            notes.error((*path, *one.path), one.message, one.hint, inside=one.offset)
    return None
