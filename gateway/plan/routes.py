"""Routes of the plan: names looked up, what excludes each other, and what the words mean."""

from collections.abc import Collection
from typing import Final

from gateway.config import shapes
from gateway.config.marks import Path_
from gateway.plan.expressions import expression, transformed
from gateway.plan.notes import Notes, Surroundings
from gateway.providers import vocabulary
from gateway.routing.match import Debounce, Route, type_matches

MOST_WAITS: Final = 10
"""How many waits a burst lasts at most, unless it says so itself."""


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
    if isinstance(shape.when, str):
        when = expression(shape.when, (*path, "when"), around, notes, fields)
    transform = None
    if shape.transform is not None:
        transform = transformed(shape.transform, (*path, "transform"), around, notes, fields)
    order_by = None
    if shape.order_by is not None:
        order_by = expression(shape.order_by, (*path, "order_by"), around, notes, fields)
    _fits(shape, path, notes)
    return Route(
        name=shape.name,
        sources=None if shape.from_ is None else frozenset(shape.from_),
        types=None if shape.on is None else tuple(shape.on),
        when=when,
        targets=tuple(shape.to),
        format=shape.format,
        transform=transform,
        accept_unverified=shape.accept_unverified,
        order_by=order_by,
        on_dead=shape.on_dead,
        delay=shape.delay or 0.0,
        debounce=_debounce(shape.debounce, (*path, "debounce"), around, notes, fields),
    )


def _fits(shape: shapes.Route, path: Path_, notes: Notes) -> None:
    """Notes what says nothing by itself, or beside something else."""
    if isinstance(shape.when, bool):
        notes.error((*path, "when"), "a condition is wanted, not a constant", "leave `when` out")
    if shape.transform is not None and shape.format == "raw":
        notes.error((*path, "transform"), "`transform` and `format: raw` exclude each other")
    if shape.order_by is None and notes.is_written((*path, "on_dead")):
        notes.error((*path, "on_dead"), "`on_dead` says nothing without `order_by`", key=True)
    if shape.delay is not None and shape.debounce is not None:
        notes.error(
            (*path, "delay"), "`delay` and `debounce` exclude each other", "`debounce` waits too"
        )


def _debounce(
    shape: shapes.Debounce | None,
    path: Path_,
    around: Surroundings,
    notes: Notes,
    fields: frozenset[str] | None,
) -> Debounce | None:
    if shape is None:
        return None
    by = expression(shape.by, (*path, "by"), around, notes, fields)
    most = shape.wait * MOST_WAITS if shape.max_wait is None else shape.max_wait
    if most < shape.wait:
        notes.error((*path, "max_wait"), "shorter than `wait`: each burst would be cut off")
    return None if by is None else Debounce(by, shape.wait, most)


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
