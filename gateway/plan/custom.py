"""A `custom` source's declaration: the same types a provider's file builds, read from YAML."""

import hashlib
from collections.abc import Iterable
from typing import Final

from gateway.config import shapes, values
from gateway.config.marks import Path_
from gateway.plan.notes import Notes
from gateway.providers import vocabulary
from gateway.providers.declaration import Declaration, Field, Rule, Way
from gateway.verify.base import Scheme
from gateway.verify.basic import Basic
from gateway.verify.hmac import Hmac, Timestamp
from gateway.verify.standard_webhooks import StandardWebhooks
from gateway.verify.token import Token

KINDS = {"text", "integer", "boolean", "time", "minor", "decimal", "currency", "sha", "map", "ref",
         "branch", "tag", "tail", "repo_url"}  # fmt: skip
_PLACE: Final = "write body.id, body./a/b or header.X-Id"


def declare(name: str, source: shapes.Source, path: Path_, notes: Notes) -> Declaration:
    """The declaration; mistakes go to `notes`."""
    ways: tuple[Way, ...] = ()
    if isinstance(source.verify, shapes.Verify):
        scheme = _scheme(source.verify, source.tolerance, (*path, "verify"), notes)
        if scheme is not None:
            ways = (Way(scheme),)
    elif source.verify is None:
        notes.error(
            path,
            "a custom source needs `verify`",
            "verify: {scheme: hmac, header: X-Signature}, or `verify: none` with allow_ips",
            key=True,
        )
    for key, ref in (("event_id", source.event_id), ("event_type", source.event_type)):
        _places((*path, key), (ref,) if ref else (), notes)
    return Declaration(
        name="custom",
        title=name,
        docs="",
        ways=ways,
        id=(source.event_id,) if source.event_id else (),
        event=(source.event_type,) if source.event_type else (),
        rules=(
            *(_rule(r, (*path, "rules", n), notes) for n, r in enumerate(source.rules)),
            *OWN_WORDS,
        ),
        secret_at=("header.authorization",),
    )


OWN_WORDS = tuple(Rule(to=word, on=(word,)) for word in sorted(vocabulary.TYPES))
"""The sender's word is the type where the vocabulary has that very word."""


def is_ref(text: str) -> bool:
    """Whether a text names a place in a request."""
    if text.startswith("header."):
        return values.HEADER.fullmatch(text[7:]) is not None
    if text.startswith(("/", "body./")):
        return True
    return text.startswith("body.") and all(text.split("."))


def _places(path: Path_, refs: Iterable[str], notes: Notes) -> None:
    for ref in refs:
        if not is_ref(ref):
            notes.error(path, f"{ref!r} names no place", _PLACE)


def _scheme(
    verify: shapes.Verify, tolerance: float | None, path: Path_, notes: Notes
) -> Scheme | None:
    if verify.scheme == "basic":
        return Basic()
    if verify.scheme == "standard-webhooks":
        return StandardWebhooks(tolerance or 300.0, verify.key_encoding or "whsec")
    if not verify.header:
        notes.error(path, f"scheme {verify.scheme} needs `header`", "header: X-Signature")
        return None
    if verify.scheme == "token":
        return Token(verify.header, verify.prefix)
    if not _is_digest(verify.algorithm):
        known = ", ".join(sorted(a for a in hashlib.algorithms_guaranteed if _is_digest(a)))
        notes.error((*path, "algorithm"), f"no digest {verify.algorithm!r}", f"there are: {known}")
        return None
    timed = bool(verify.timestamp_header or verify.timestamp_entry)
    try:
        return Hmac(
            header=verify.header,
            signed=verify.signed,
            algorithm=verify.algorithm,
            encoding=verify.encoding,
            key_encoding=verify.key_encoding or "text",
            prefix=verify.prefix,
            separator=verify.separator,
            entry=verify.entry,
            assign=verify.assign,
            timestamp=Timestamp(
                verify.timestamp_header or None,
                verify.timestamp_entry or None,
                verify.timestamp_unit,
                tolerance or 300.0,
            )
            if timed
            else None,
            id_header=verify.id_header,
        )
    except ValueError as error:
        notes.error(path, str(error))
        return None


def _is_digest(name: str) -> bool:
    try:
        return hashlib.new(name).digest_size > 0
    except (ValueError, TypeError):
        return False


def _rule(rule: shapes.RuleShape, path: Path_, notes: Notes) -> Rule:
    if rule.to not in vocabulary.TYPES:
        notes.unknown((*path, "to"), "type", rule.to, vocabulary.TYPES)
    fields = {}
    for name, shape in rule.fields.items():
        where = (*path, "fields", name)
        if name not in vocabulary.FIELDS:
            notes.unknown(where, "field", name, vocabulary.FIELDS)
        if shape.kind not in KINDS:
            notes.unknown((*where, "kind"), "kind", shape.kind, KINDS)
            continue
        _places((*where, "at"), _many(shape.at), notes)
        _places((*where, "currency"), _many(shape.currency), notes)
        fields[name] = Field(
            at=_many(shape.at),
            kind=shape.kind,  # type: ignore[arg-type]  # one of KINDS, as just seen
            table=shape.table or {},
            otherwise=shape.otherwise or "",
            currency=_many(shape.currency),
        )
    for place in rule.when:
        _places((*path, "when", place), (place,), notes)
    when = {
        place: tuple(value) if isinstance(value, list) else value
        for place, value in rule.when.items()
    }
    return Rule(to=rule.to, on=_many(rule.on), when=when, fields=fields)


def _many(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
