"""From a proven request to its events: id, the sender's word, type, fields, subject, time."""

import hashlib
from dataclasses import replace
from typing import Final

from gateway.model.record import record
from gateway.model.request import Request
from gateway.providers import payload as payloads
from gateway.providers import times
from gateway.providers.declaration import Declaration, Key, names
from gateway.providers.normalize import Normalizer
from gateway.providers.payload import Payload
from gateway.providers.places import MISSING, Get, Seen, getter
from gateway.providers.vocabulary import OTHER, SUBJECTS, family

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
        self._ids = tuple((_key(key), _covered(declaration, key)) for key in declaration.id)
        self.id_headers = tuple(name.encode() for name in names(declaration.id))
        """Headers that an id may stand in, in lower case."""
        self._words = tuple(getter(ref) for ref in declaration.event)
        self._batch = getter(declaration.batch.items) if declaration.batch else None

    def payload(self, request: Request) -> Payload:
        """The request's body, parsed."""
        content_type = request.headers.text(b"content-type") or ""
        return payloads.read(request.body, content_type, self._declaration.form_field)

    def items(self, request: Request, payload: Payload, received_at: float) -> tuple[Item, ...]:
        """The events in the order of the request; one, but for batches."""
        del received_at
        whole = Seen(payload.value, payload.value, request.headers)
        if self._batch is None or payload.unparsed:
            return (self._item(0, whole, request, payload),)
        found = self._batch(whole)
        if not isinstance(found, list):
            return (self._item(0, whole, request, payload),)
        if not found:
            # Without an event nothing would be kept of a request that was rightly signed.
            empty = self._item(0, whole, request, payload)
            return (replace(empty, type=OTHER, fields={}, subject=None),)
        most = self._declaration.batch.at_most if self._declaration.batch else 0
        if len(found) > most:
            payload = replace(payload, flags=(*payload.flags, BATCH_CUT))
        return tuple(
            self._item(index, Seen(one, payload.value, request.headers), request, payload)
            for index, one in enumerate(found[:most])
        )

    def _item(self, index: int, seen: Seen, request: Request, payload: Payload) -> Item:
        word = ""
        for get in self._words:
            found = get(seen)
            if isinstance(found, str) and found:
                word = found[:_LONGEST]
                break
        flags = payload.flags
        given, signed = self._id(seen)
        if given is None:
            digest = hashlib.sha256(request.body).hexdigest()
            key = f"sha256:{digest}" if index == 0 else f"sha256:{digest}:{index}"
            flags, signed = (*flags, NO_ID), True
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
        subject = None
        for name in SUBJECTS.get(family(event.type), ()):
            value = event.fields.get(name)
            if isinstance(value, str):
                subject = value
                break
        at = times.seconds(event.time) if event.time else None
        return Item(index, key, word, given, event.type, event.fields, subject, at, flags, signed)

    def _id(self, seen: Seen) -> tuple[str | None, bool]:
        for get, signed in self._ids:
            found = get(seen)
            if isinstance(found, bool):
                continue
            if isinstance(found, str) and found:
                return found, signed
            if isinstance(found, int):
                return str(found), signed
        return None, True


def _key(key: Key) -> Get:
    if isinstance(key, str):
        return getter(key)
    gets = tuple(getter(ref) for ref in key)

    def joined(seen: Seen) -> object:
        values = [get(seen) for get in gets]
        if all(isinstance(v, str | int) and not isinstance(v, bool) and v != "" for v in values):
            return ":".join(str(value) for value in values)
        return MISSING

    return joined


def _covered(declaration: Declaration, key: Key) -> bool:
    """Whether every way this sender proves itself signs the id."""
    refs = (key,) if isinstance(key, str) else key
    return all(way.scheme.covers(_full(ref)) for way in declaration.ways for ref in refs)


def _full(ref: str) -> str:
    return ref if ref.startswith(("header.", "body.", "root.")) else f"body.{ref}"
