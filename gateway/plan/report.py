"""What `gateway check` and `gateway reload` say of a file: problems, and what changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.errors import ConfigInvalid, Problem
from gateway.plan.compile import compile_plan
from gateway.plan.plan import Plan


@dataclass(frozen=True, slots=True)
class Report:
    """The result of a check."""

    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether a reload would take the file."""
        return not self.errors

    def to_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "ok": self.ok,
            "errors": [_json(problem) for problem in self.errors],
            "warnings": [_json(problem) for problem in self.warnings],
        }


def _json(problem: Problem) -> dict[str, object]:
    return {
        "file": problem.file,
        "line": problem.line,
        "column": problem.column,
        "path": problem.path,
        "message": problem.message,
        "hint": problem.hint,
    }


def check_report(file: Path, environ: Mapping[str, str]) -> Report:
    """Checks a file as a reload would: a source that cannot be trusted is an error."""
    try:
        plan = compile_plan(file, environ, generation=0)
    except ConfigInvalid as invalid:
        return Report(invalid.problems, invalid.warnings)
    return Report(plan.problems, plan.warnings)


_PLACES = {
    "public_url": "server.public_url",
    "client_address": "server.client_address",
    "trusted": "server.trusted_proxies",
    "trust_unix": "server.trusted_proxies",
    "one_cpu": "server.cpus",
    "retention": "store.retention",
    "dedup_window": "store.dedup_window",
    "min_free": "store.min_free",
}
"""What applies at once."""
RESTART = "waits for the restart"


def changes(old: Plan, new: Plan) -> tuple[str, ...]:
    """What a reload changes, a line each."""
    found = []
    if str(old.server.listen) != str(new.server.listen):
        found.append(f"server.listen: {old.server.listen} → {new.server.listen}, {RESTART}")
    if str(old.admin_listen) != str(new.admin_listen):
        found.append(f"admin.listen: {old.admin_listen} → {new.admin_listen}, {RESTART}")
    if old.store.path != new.store.path:
        found.append(f"store.url: {old.store.path} → {new.store.path}, {RESTART}")
    if old.store.writer != new.store.writer:
        found.append(f"store.writer: {old.store.writer} → {new.store.writer}, {RESTART}")
    found += [
        f"{_PLACES[name]}: changed"
        for one, other in ((old.server, new.server), (old.store, new.store))
        for name in _differences(one, other)
        if name in _PLACES
    ]
    for kind, before, after in (
        ("source", old.sources, new.sources),
        ("target", old.targets, new.targets),
        ("route", old.routes, new.routes),
    ):
        found += [f"{kind} {name}: added" for name in after if name not in before]
        found += [f"{kind} {name}: removed" for name in before if name not in after]
        for name in after:
            if name in before and (parts := _differences(before[name], after[name])):
                found.append(f"{kind} {name}: {', '.join(parts)} changed")
    return tuple(dict.fromkeys(found))


_WORDS = {
    "declaration": "provider or scheme",
    "revive": "redelivery",
    "allow": "allow_ips",
    "sources": "from",
    "types": "on",
    "targets": "to",
    "endpoints": "url or endpoints",
    "resolve_all": "resolve",
    **dict.fromkeys(("authorization", "oauth2", "hmac"), "auth"),
    **dict.fromkeys(
        ("verifier", "extractor", "context", "allow_named", "allow_provider", "hidden"), ""
    ),
}
"""Fields by the file's words; those that follow from others are not named."""


def _differences(before: object, after: object) -> list[str]:
    names = getattr(type(after), "__dataclass_fields__", {})
    words = []
    for name in names:
        word = _WORDS.get(name, name)
        if word and _shown(getattr(before, name)) != _shown(getattr(after, name)):
            words.append(word)
    return list(dict.fromkeys(words))


def _shown(value: object) -> object:
    """Compiled things compare by the text they were compiled from, secrets by their values."""
    if isinstance(value, tuple):
        return tuple(_shown(part) for part in value)
    if isinstance(value, Ed25519PrivateKey):
        return value.public_key()
    for name in ("source", "networks"):
        if hasattr(value, name) and not isinstance(value, str):
            return getattr(value, name)
    return value
