"""Routes of the plan: names looked up, expressions compiled, mistakes placed inside their text."""

from collections.abc import Collection

from gateway.config import shapes
from gateway.config.marks import Path_
from gateway.plan.notes import Notes, Surroundings
from gateway.providers import vocabulary
from gateway.routing.constants import Binder, bind_constants, bind_text_constants
from gateway.routing.expressions import Expression, compile_expression
from gateway.routing.match import Route, type_matches
from gateway.routing.scope import NAMES
from gateway.routing.syntax import BadExpression
from gateway.routing.templates import TextTemplate, compile_text
from gateway.routing.transform import Transform, compile_transform


def compile_route(
    number: int,
    shape: shapes.Route,
    sources: Collection[str],
    targets: Collection[str],
    around: Surroundings,
    notes: Notes,
) -> Route:
    """One route; mistakes go to `notes`."""
    path: Path_ = ("routes", number)
    for place, name in enumerate(shape.from_ or ()):
        if name not in sources:
            notes.unknown((*path, "from", place), "source", name, sources)
    for place, name in enumerate(shape.to):
        if name not in targets:
            notes.unknown((*path, "to", place), "target", name, targets)
        elif name in shape.to[:place]:
            notes.error((*path, "to", place), f"target {name!r} stands here twice")
    fields = _fields(shape, path, notes)
    when = None
    if isinstance(shape.when, bool):
        notes.error((*path, "when"), "a condition is wanted, not a constant", "leave `when` out")
    elif shape.when is not None:
        text = shape.when
        when = expression(text, (*path, "when"), around, notes, fields)
    transform = None
    if shape.transform is not None:
        if shape.format == "raw":
            notes.error((*path, "transform"), "`transform` and `format: raw` exclude each other")
        transform = transformed(shape.transform, (*path, "transform"), around, notes, fields)
    return Route(
        name=shape.name,
        sources=None if shape.from_ is None else frozenset(shape.from_),
        types=None if shape.on is None else tuple(shape.on),
        when=when,
        targets=tuple(shape.to),
        format=shape.format,
        transform=transform,
        accept_unverified=shape.accept_unverified,
    )


def _fields(shape: shapes.Route, path: Path_, notes: Notes) -> frozenset[str] | None:
    """The fields that events of `on` can have; None where that is not known."""
    if shape.on is None:
        return None
    families: set[str] = set()
    for place, pattern in enumerate(shape.on):
        fitting = {word for word in vocabulary.TYPES if type_matches(pattern, word)}
        if not fitting:
            notes.unknown((*path, "on", place), "type", pattern, vocabulary.TYPES)
            return None
        families |= {vocabulary.family(word) for word in fitting}
    return None if vocabulary.OTHER in families else vocabulary.fields_of(families)


def expression(
    text: str, path: Path_, around: Surroundings, notes: Notes, fields: frozenset[str] | None
) -> Expression | None:
    """Compiles a condition."""
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
