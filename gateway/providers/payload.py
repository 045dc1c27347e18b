"""A body read as JSON or a form. Never raises: what cannot be read says why and stays as it came.

`raw` is what a delivery carries: the received bytes themselves, unless they hold doubled keys, for
then two readers could read two truths.
"""

import json
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from gateway.model.record import record

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
DOUBLED: Final = "doubled_keys"
_FIELDS: Final = 1000

EMPTY = "empty body"
NOT_UTF8 = "not UTF-8"
NOT_JSON = "not JSON"
BAD_FORM = "not a readable form"
NO_FIELD = "the form lacks its one field with the JSON"
REASONS: Final = (EMPTY, NOT_UTF8, NOT_JSON, BAD_FORM, NO_FIELD)


@record
class Payload:
    """What a body says."""

    value: object
    """Parsed JSON, or a form's names and values; None where unparsed (or the JSON is null)."""
    raw: bytes | None
    """JSON text to splice into a delivery; None where unparsed."""
    unparsed: str = ""
    """One of `REASONS`; empty: it was parsed."""
    flags: tuple[str, ...] = ()


def read(body: bytes, content_type: str, form_field: str) -> Payload:
    """Reads a body.

    content_type: as sent; only a form's is believed, all else is tried as JSON. form_field: the
    field in which this sender's forms carry JSON; empty: forms are read as they are.
    """
    if not body:
        return Payload(None, None, EMPTY)
    if content_type != JSON and content_type.partition(";")[0].strip().lower() == FORM:
        return _form(body, form_field)
    return _json(body)


def _form(body: bytes, form_field: str) -> Payload:
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_FIELDS,
            strict_parsing=False,
        )
    except UnicodeDecodeError:
        return Payload(None, None, NOT_UTF8)
    except ValueError:
        return Payload(None, None, BAD_FORM)
    if form_field:
        texts = [value for name, value in pairs if name == form_field]
        return _json(texts[0].encode()) if len(texts) == 1 else Payload(None, None, NO_FIELD)
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    try:
        return Payload(found, orjson.dumps(found))
    except orjson.JSONEncodeError:
        return Payload(None, None, NOT_UTF8)


def _json(body: bytes) -> Payload:
    try:
        value = orjson.loads(body)
        again = orjson.dumps(value)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
        return Payload(None, None, NOT_JSON if _is_utf8(body) else NOT_UTF8)
    if again != body and _doubled(body, again):
        return Payload(value, again, "", (DOUBLED,))
    return Payload(value, body)


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _doubled(body: bytes, again: bytes) -> bool:
    """Whether an object has a key twice.

    Each key has a colon behind it, and the texts hold the rest. `again`, written from the parsed
    value, has each key once and never writes a colon as an escape: where the body does not either,
    the two have as many colons, but for those of members that a doubled key threw away.
    """
    if b"\\" not in body or not (b"\\u003a" in body or b"\\u003A" in body):
        return body.count(b":") != again.count(b":")
    found = False

    def pairs(items: list[tuple[str, object]]) -> None:
        nonlocal found
        found = found or len({name for name, _ in items}) != len(items)

    try:
        json.loads(body, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        return True  # what only one of two parsers takes is not passed on as it came
    return found
