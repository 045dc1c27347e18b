"""Targets of the plan: limits, keys that sign outwards, headers. Where they are is `endpoints`."""

from typing import Final

from gateway.config import target_shapes as shapes
from gateway.config import values
from gateway.config.marks import Path_
from gateway.plan.auth import Known, compile_auth, compile_tls, secret_text, signing_keys
from gateway.plan.endpoints import breaker, endpoints, health
from gateway.plan.expressions import expression, template
from gateway.plan.headers import is_ours
from gateway.plan.notes import Notes, Surroundings
from gateway.plan.plan import RetryPolicy, Target
from gateway.routing.templates import TextTemplate, fixed_text

_READ: Final = ("file:", "credential:")
_LEAST: Final = 8
"""Characters: what is shorter is no secret, and may stand anywhere."""


def compile_target(name: str, shape: shapes.Target, around: Surroundings, notes: Notes) -> Target:
    """One target; mistakes go to `notes`."""
    path: Path_ = ("targets", name)
    tls = compile_tls(shape.tls, (*path, "tls"), around, notes)
    known = compile_auth(shape.auth, tls, (*path, "auth"), around, notes)
    headers = []
    secrets = set() if known.authorization is None else {known.authorization.partition(" ")[2]}
    seen: set[str] = set()
    for header, text in shape.headers.items():
        where = (*path, "headers", header)
        lower = header.lower()
        if is_ours(header) or not values.HEADER.fullmatch(header):
            notes.error(where, f"{header!r} cannot be set here", key=True)
            continue
        compiled = _header(text, where, around, notes)
        if lower in seen:
            notes.error(where, f"{header!r} is set already, in other letters", key=True)
        seen.add(lower)
        if compiled is not None:
            headers.append((header, compiled))
            secrets |= _secrets(text, compiled)
    _once(known, seen, path, notes)
    if shape.connect_timeout > shape.timeout:
        notes.warn(
            (*path, "connect_timeout"), "longer than `timeout`, which ends the attempt first"
        )
    fair_by = None
    if shape.fair_by is not None:
        fair_by = expression(shape.fair_by, (*path, "fair_by"), around, notes, None)
    where_to = endpoints(shape, path, notes)
    called = [one.url for one in where_to] + ([known.oauth2.token_url] if known.oauth2 else [])
    if tls is not None and not any(url.lower().startswith("https:") for url in called):
        notes.warn((*path, "tls"), "nothing here is https: it is not used", key=True)
    return Target(
        name=name,
        endpoints=where_to,
        timeout=shape.timeout,
        connect_timeout=shape.connect_timeout,
        retry=RetryPolicy(
            shape.retry.base, shape.retry.cap, shape.retry.window, shape.retry.attempts
        ),
        concurrency=shape.concurrency,
        sign=tuple(signing_keys(shape.sign, (*path, "sign"), around, notes)),
        headers=tuple(headers),
        fair_by=fair_by,
        balance=shape.balance,
        resolve_all=shape.resolve == "all",
        answer=shape.answer,
        rate=shape.rate,
        breaker=breaker(shape, path, notes),
        health=health(shape, path, notes),
        authorization=known.authorization,
        oauth2=known.oauth2,
        hmac=known.hmac,
        tls=tls,
        hidden=tuple(
            sorted((one.encode() for one in secrets if len(one) >= _LEAST), key=len, reverse=True)
        ),
    )


def _header(text: str, path: Path_, around: Surroundings, notes: Notes) -> TextTemplate | None:
    """A header's value: a template, or a secret that is read from a file."""
    if not text.startswith(_READ):
        return template(text, path, around, notes)
    secret = secret_text(text, path, around, notes)
    return None if secret is None else fixed_text(secret)


def _secrets(text: str, compiled: TextTemplate) -> set[str]:
    """What of a header's value may be secret: one that is not written in the file, but put in."""
    value = compiled.constant
    if not value or not ("${" in text or text.startswith(_READ)):
        return set()
    return {value, value.split()[-1]}  # behind `Bearer`, say


def _once(known: Known, seen: set[str], path: Path_, notes: Notes) -> None:
    """What `auth` sets, `headers` does not."""
    names = {"authorization"} if known.authorization is not None or known.oauth2 else set()
    if known.hmac is not None:
        names.add(known.hmac.header.lower())
    for name in sorted(names & seen):
        notes.error((*path, "auth"), f"`headers` sets {name!r} too", "leave one of them out")
