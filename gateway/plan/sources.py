"""Sources of the plan: declaration, secrets, addresses and limits joined, or closed with a reason."""

import re
from dataclasses import replace
from typing import Final

from gateway import providers
from gateway.config import shapes, values
from gateway.config.marks import Path_
from gateway.plan import custom
from gateway.plan.notes import Notes, Surroundings
from gateway.plan.plan import Limits, Source
from gateway.providers.declaration import Declaration
from gateway.providers.extract import Extractor
from gateway.verify.addresses import AddressSet, Network, parse_network
from gateway.verify.base import Context, Scheme, Secret
from gateway.verify.hmac import Hmac
from gateway.verify.standard_webhooks import StandardWebhooks
from gateway.verify.verifier import Verifier, bind

PATH: Final = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_RANDOM: Final = re.compile(r"[A-Za-z0-9_-]{22,}")
"""22 characters of base64url hold 128 bits."""
_OWN_PATHS: Final = {"/healthz"}
_TRUTH: Final[dict[str | bool, bool]] = {"true": True, "false": False}
_PROVIDER: Final = "provider"
"""In `allow_ips`: whatever the provider publishes."""


def compile_source(
    name: str, shape: shapes.Source, public_url: str, around: Surroundings, notes: Notes
) -> Source | None:
    """One source. None where the file itself is wrong; a bad secret only closes it."""
    path: Path_ = ("sources", name)
    declaration = _declaration(name, shape, path, notes)
    if declaration is None:
        return None
    if shape.tolerance is not None:
        declaration = _tolerant(declaration, shape.tolerance, path, notes)
    url_path = shape.path or f"/in/{name}"
    if not PATH.fullmatch(url_path) or url_path in _OWN_PATHS or "/." in url_path:
        notes.error(
            (*path, "path"),
            f"{url_path!r} cannot be a source's path",
            "a path begins with / and holds letters, digits and - . _ ~ between single slashes",
        )
    options = _options(declaration, shape, path, notes)
    context = Context(
        url=f"{public_url}{url_path}" if public_url else "",
        options={key: value for key, value in options.items() if isinstance(value, str)},
    )
    secrets, problems = _secrets(shape, path, around, notes)
    problems += _missing_options(declaration, options, path, notes)
    verifier: Verifier | None = None
    amber = ""
    allow, named = _allow(declaration, shape, path, notes)
    if shape.verify == "none":
        amber = "nothing proves where its requests come from"
        if allow is None and not any(_RANDOM.fullmatch(p) for p in url_path.split("/")):
            notes.error(
                (*path, "verify"),
                "`verify: none` needs `allow_ips`, or a path nobody can guess",
                "a path part of 22 or more random letters: python3 -c "
                "'import secrets; print(secrets.token_urlsafe(16))'",
            )
    elif not problems and declaration.ways:
        bound = bind(declaration.ways, secrets, options, context)
        if isinstance(bound, Verifier):
            verifier = bound
            weak = [
                way.weak for way in declaration.ways if _live(way.scheme, verifier) and way.weak
            ]
            amber = weak[0] if weak else ""
        else:
            problems = bound
            for problem in bound:
                where = _of_secret(problem, shape, secrets, path)
                notes.close(where, problem, "the source answers 503 until it is mended")
    return Source(
        name=name,
        declaration=declaration,
        path=url_path,
        verifier=verifier,
        problem="; ".join(problems),
        closed=shape.closed,
        enforce=shape.enforce,
        allow=allow,
        limits=Limits(
            body=shape.limits.body or declaration.body_limit,
            deadline=shape.limits.deadline,
            rate=shape.limits.rate,
            per_address=shape.limits.per_address,
            encodings=frozenset(shape.limits.encodings),
        ),
        context=context,
        extractor=Extractor(declaration),
        options=options,
        revive=shape.redelivery == "revive",
        amber=amber,
        secrets=tuple(secrets),
        allow_named=named,
        allow_provider=_PROVIDER in shape.allow_ips,
    )


def _of_secret(problem: str, shape: shapes.Source, secrets: list[Secret], path: Path_) -> Path_:
    """The place of the secret that a problem of binding names by its label."""
    if len(secrets) == len(shape.secrets):
        for number, secret in enumerate(secrets):
            if problem.startswith(f"{secret.label}: "):
                return (*path, "secrets", number)
    return (*path, "secrets")


def _live(scheme: object, verifier: Verifier) -> bool:
    return any(bound.scheme is scheme for bound in verifier.bound)


def _declaration(name: str, shape: shapes.Source, path: Path_, notes: Notes) -> Declaration | None:
    if shape.provider == "custom":
        return custom.declare(name, shape, path, notes)
    if shape.provider not in providers.names():
        notes.unknown(
            (*path, "provider"), "provider", shape.provider, (*providers.names(), "custom")
        )
        return None
    for key in ("event_id", "event_type", "rules"):
        if getattr(shape, key):
            notes.error((*path, key), f"`{key}` is for `provider: custom` only", key=True)
    if isinstance(shape.verify, shapes.Verify):
        notes.error(
            (*path, "verify"),
            f"{shape.provider} brings its own scheme",
            "leave `verify` out",
            key=True,
        )
    return providers.load(shape.provider)


def _with_tolerance(scheme: Scheme, tolerance: float) -> Scheme | None:
    """The scheme with this window, in seconds; None where it signs no time."""
    if isinstance(scheme, Hmac) and scheme.timestamp is not None:
        return replace(scheme, timestamp=replace(scheme.timestamp, tolerance=tolerance))
    if isinstance(scheme, StandardWebhooks):
        return replace(scheme, tolerance=tolerance)
    return None


def _tolerant(declaration: Declaration, tolerance: float, path: Path_, notes: Notes) -> Declaration:
    timed = [_with_tolerance(way.scheme, tolerance) for way in declaration.ways]
    if timed and all(scheme is None for scheme in timed):
        said = "`tolerance` has no use: no time is signed here"
        notes.error((*path, "tolerance"), said, "leave it out", key=True)
    ways = (
        way if scheme is None else replace(way, scheme=scheme)
        for way, scheme in zip(declaration.ways, timed, strict=True)
    )
    return replace(declaration, ways=tuple(ways))


def _options(
    declaration: Declaration, shape: shapes.Source, path: Path_, notes: Notes
) -> dict[str, str | bool | None]:
    options = dict(declaration.option_defaults())
    for name, written in shape.options.items():
        option = declaration.options.get(name)
        where = (*path, "options", name)
        boolean = option is not None and option.kind == "boolean"
        value = _TRUTH.get(written, written) if boolean else written  # a ${NAME} holds text
        if option is None:
            notes.unknown(where, "option", name, declaration.options)
        elif boolean != isinstance(value, bool):
            wanted = "true or false" if boolean else "a text"
            notes.error(where, f"{wanted} is wanted")
        else:
            options[name] = value
    return options


def _missing_options(
    declaration: Declaration, options: dict[str, str | bool | None], path: Path_, notes: Notes
) -> list[str]:
    needed = {name for name, option in declaration.options.items() if option.required}
    needed |= {bind_.option for bind_ in declaration.binds}
    missing = [f"options.{name} is needed" for name in sorted(needed) if not options.get(name)]
    for problem in missing:
        notes.close(path, problem)
    return missing


def _secrets(
    shape: shapes.Source, path: Path_, around: Surroundings, notes: Notes
) -> tuple[list[Secret], list[str]]:
    secrets: list[Secret] = []
    problems: list[str] = []
    if shape.verify == "none":
        if shape.secrets:
            notes.error((*path, "secrets"), "`verify: none` takes no secrets", key=True)
        return secrets, problems
    if not shape.secrets:
        problems.append("no secret is configured")
        written = "secrets" in shape.model_fields_set
        where = (*path, "secrets") if written else path
        notes.close(where, problems[0], "secrets: [file:secrets/NAME]")
    for number, text in enumerate(shape.secrets):
        where = (*path, "secrets", number)
        try:
            read = values.secret(text, number + 1, around.environ, around.folder)
        except ValueError as error:
            problems.append(str(error))
            notes.close(where, str(error), "the source answers 503 until it is mended")
            continue
        if not read.value:
            problems.append(f"{read.label}: the secret is empty")
            notes.close(where, problems[-1], "the source answers 503 until it is mended")
            continue
        if read.literal:
            notes.warn(where, "the secret stands in the file itself", "use file:PATH or ${NAME}")
        secrets.append(Secret(read.label, read.value))
    return secrets, problems


def _allow(
    declaration: Declaration, shape: shapes.Source, path: Path_, notes: Notes
) -> tuple[AddressSet | None, tuple[Network, ...]]:
    """The allowlist with what is shipped, and the part of it that stands in the file."""
    if not shape.allow_ips:
        return None, ()
    named: list[Network] = []
    published: list[Network] = []
    for number, text in enumerate(shape.allow_ips):
        where = (*path, "allow_ips", number)
        if text != _PROVIDER:
            try:
                named.append(parse_network(text))
            except ValueError as error:
                notes.error(where, str(error), "write 192.0.2.0/24, 2001:db8::/32 or one address")
            continue
        if declaration.ranges is None:
            notes.error(where, f"{shape.provider} publishes no addresses", "name CIDRs instead")
            continue
        published += [parse_network(one) for one in declaration.ranges.shipped]
    return AddressSet((*named, *published)), tuple(named)
