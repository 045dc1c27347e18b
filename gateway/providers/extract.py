"""From a proven request to its events: id, the sender's word, type, fields, subject, time."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from gateway.model.record import record
from gateway.model.request import Request
from gateway.providers import kinds, times
from gateway.providers import payload as payloads
from gateway.providers.declaration import Declaration, Key, Ref, names
from gateway.providers.normalize import Normalizer
from gateway.providers.payload import Payload
from gateway.providers.places import Places, Seen, getter
from gateway.providers.vocabulary import OTHER
from gateway.providers.written import Written

_LONGEST: Final = 512
"""Characters of an id that are kept as they are; a longer one is hashed."""
NO_ID: Final = "no_id"
BATCH_CUT: Final = "batch_cut"
"""Flag of a batch with more items than are taken; the receipt still has them all."""


@record
class Item:
    """One event of a request."""

    index: int
    dedup_key: str
    provider_type: str
    provider_id: str | None
    type: str
    fields: dict[str, object]
    subject: str | None
    time: float | None
    flags: tuple[str, ...]
    id_signed: bool
    """Whether the signature covers the id (or the id follows from the body)."""


class Extractor:
    """A declaration compiled for the hot path."""

    def __init__(self, declaration: Declaration) -> None:
        self._declaration = declaration
        self._normalizer = Normalizer(declaration)
        self._head = _header(declaration)
        self.id_headers = tuple(name.encode() for name in names(declaration.id))
        """Headers that an id may stand in, in lower case."""
        self._list = getter(declaration.batch.items) if declaration.batch else None
        self._most = declaration.batch.at_most if declaration.batch else 0

    def payload(self, request: Request) -> Payload:
        """The request's body, parsed."""
        content_type = request.headers.text(b"content-type") or ""
        return payloads.read(request.body, content_type, self._declaration.form_field)

    def items(self, request: Request, payload: Payload, received_at: float) -> tuple[Item, ...]:
        """The events in the order of the request; one, but for batches."""
        del received_at
        whole = Seen(payload.value, payload.value, request.headers)
        found = None if self._list is None or payload.unparsed else self._list(whole)
        if not isinstance(found, list):
            return (self._item(0, whole, request, payload),)
        if not found:
            # Without an event nothing would be kept of a request that was rightly signed.
            empty = self._item(0, whole, request, payload)
            return (replace(empty, type=OTHER, fields={}, subject=None),)
        if len(found) > self._most:
            payload = replace(payload, flags=(*payload.flags, BATCH_CUT))
        digest = _digest(request)
        return tuple(
            self._item(number, Seen(one, payload.value, request.headers), request, payload, digest)
            for number, one in enumerate(found[: self._most])
        )

    def _item(
        self, index: int, seen: Seen, request: Request, payload: Payload, digest: str = ""
    ) -> Item:
        """digest: of the body, where it is known already: a batch would ask for it many times."""
        word, given, signed = self._head(seen)
        flags = payload.flags
        if given is None:
            key = f"sha256:{digest or _digest(request)}" + (f":{index}" if index else "")
            flags = (*flags, NO_ID)
        elif len(given) > _LONGEST:
            key = "sha256:" + hashlib.sha256(given.encode("utf-8", "surrogatepass")).hexdigest()
            given = given[:_LONGEST]
        else:
            key = given
        if payload.unparsed:
            return Item(index, key, word, given, OTHER, {}, None, None, flags, signed)
        event = self._normalizer.normalize(word, seen)
        if event.unread:
            flags = (*flags, *(f"unread:{name}" for name in event.unread))
        at = times.seconds(event.time) if event.time else None
        return Item(
            index, key, word, given, event.type, event.fields, event.subject, at, flags, signed
        )


def _digest(request: Request) -> str:
    return hashlib.sha256(request.body).hexdigest()


Head = tuple[str, str | None, bool]
"""The sender's word for an event, its id, and whether that is signed; one made of the body is."""


def _header(declaration: Declaration) -> Callable[[Seen], Head]:
    """What reads an event's head: of words and ids the first that is there. For GitHub, after the
    walk to their places:

    word = v0[:512] if type(v0) is str and v0 else ""
    id = v1 if type(v1) is str and v1 else k3(v1)
    if id is not None: return word, id, False
    return word, None, True
    """
    to, places = Written("def head(seen):"), Places()
    word, lines = '""', []
    for ref in reversed(declaration.event):
        value = f"v{places.slot(ref)}"
        word = f"{value}[:{_LONGEST}] if type({value}) is str and {value} else {word}"
    for key in declaration.id:
        values = [f"v{places.slot(ref)}" for ref in _refs(key)]
        read = f"{to.bind(kinds.text if isinstance(key, str) else _joined)}({', '.join(values)})"
        if isinstance(key, str):
            read = f"{values[0]} if type({values[0]}) is str and {values[0]} else {read}"
        lines.append(f"id = {read}")
        lines.append(f"if id is not None: return word, id, {_covered(declaration, key)}")
    places.write(to)
    for line in (f"word = {word}", *lines, "return word, None, True"):
        to.line(line)
    return to.function("head")


def _joined(*values: object) -> str | None:
    parts = [kinds.text(value) for value in values]
    return ":".join(part for part in parts if part) if all(parts) else None


def _refs(key: Key) -> tuple[Ref, ...]:
    return (key,) if isinstance(key, str) else key


def _covered(declaration: Declaration, key: Key) -> bool:
    """Whether every way this sender proves itself signs the id."""
    return all(way.scheme.covers(_full(ref)) for way in declaration.ways for ref in _refs(key))


def _full(ref: str) -> str:
    return ref if ref.startswith(("header.", "body.", "root.")) else f"body.{ref}"
