"""routes.yaml becomes a Plan, or all that is wrong with it at once."""

import os
import urllib.parse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from gateway.config import shapes
from gateway.config.read import Config, read
from gateway.errors import ConfigInvalid
from gateway.plan.listen import admin_listen, listen, proxies
from gateway.plan.notes import Notes, Surroundings
from gateway.plan.plan import Plan, Server, Source, StoreSettings
from gateway.plan.routes import compile_route
from gateway.plan.sources import compile_source
from gateway.plan.targets import compile_target
from gateway.plan.twice import warn_twice
from gateway.routing.match import Route, RouteIndex


def compile_plan(file: Path, environ: Mapping[str, str], *, generation: int) -> Plan:
    """Compiles a file.

    environ: for `${NAME}` and $CREDENTIALS_DIRECTORY. Raises `ConfigInvalid` with every mistake.
    Sources that cannot be trusted are in the plan, closed, with their problem in `Plan.problems`.
    Published addresses are the shipped ones; `plan.ranges` puts fresher ones in.
    """
    config = read(file, environ)
    notes = Notes(config.marked)
    around = Surroundings(environ, config.folder)
    shape = config.file
    public_url = _public_url(shape, notes)
    sources = {}
    for name, source in shape.sources.items():
        compiled = compile_source(name, source, public_url, around, notes)
        if compiled is not None:
            sources[name] = compiled
    targets = {
        name: compile_target(name, target, around, notes) for name, target in shape.targets.items()
    }
    # A name that is in the file is known, even where what it names could not be compiled.
    known, reachable = config.names("sources"), config.names("targets")
    routes: dict[str, Route] = {}
    for number, route in zip(config.routes, shape.routes, strict=True):
        if route.name in routes:
            hint = "a route is known by its name: give this one another"
            notes.error(("routes", number, "name"), f"a second route {route.name!r}", hint)
        routes[route.name] = compile_route(number, route, known, reachable, around, notes)
    by_path = _by_path(sources, notes)
    networks, trust_unix = proxies(
        shape.server.trusted_proxies, ("server", "trusted_proxies"), notes
    )
    plan = Plan(
        generation=generation,
        file=file.absolute(),
        server=Server(
            listen=listen(shape.server.listen, ("server", "listen"), notes, systemd=True),
            public_url=public_url,
            client_address=shape.server.client_address,
            trusted=networks,
            trust_unix=trust_unix,
            one_cpu=shape.server.cpus == "one",
        ),
        admin_listen=admin_listen(shape, notes),
        store=_store(config, notes),
        sources=sources,
        by_path=by_path,
        targets=targets,
        routes=routes,
        index=RouteIndex(routes.values()),
        warnings=(),
        problems=(),
        shares={one.name: one.fair_by for one in targets.values() if one.fair_by is not None},
    )
    if config.problems or notes.errors:
        found = [*config.problems, *notes.errors, *notes.closed]
        raise ConfigInvalid(
            tuple(sorted(found, key=lambda p: (p.line, p.column))), tuple(notes.warnings)
        )
    _look_over(plan, shape, notes)
    return _with_notes(plan, notes)


def store_path(file: Path, environ: Mapping[str, str]) -> Path:
    """Where a file keeps its store, whatever else is wrong in it.

    Raises `ConfigInvalid` where not even that can be read.
    """
    config = read(file, environ)
    notes = Notes(config.marked)
    path = _store(config, notes).path
    if notes.errors:
        raise ConfigInvalid(tuple(notes.errors))
    return path


def _with_notes(plan: Plan, notes: Notes) -> Plan:
    return replace(plan, warnings=tuple(notes.warnings), problems=tuple(notes.closed))


def _public_url(shape: shapes.File, notes: Notes) -> str:
    written = shape.server.public_url
    url = written.rstrip("/")
    if not url:
        return ""
    path, like = ("server", "public_url"), "https://hooks.example.com"
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port
    except ValueError:
        notes.error(path, f"{written!r} is no public URL", like)
        return url
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0 or parts.username:
        notes.error(path, f"{written!r} is no public URL", like)
    elif parts.path or parts.query or parts.fragment or not url.isascii() or " " in url:
        notes.error(path, f"{written!r} is more than scheme, host and port", like)
    return url


def _by_path(sources: Mapping[str, Source], notes: Notes) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for source in sources.values():
        other = found.setdefault(source.path, source)
        if other is source:
            continue
        # Said where a path is written: the other one's may follow from its name.
        here, there = source, other
        if notes.is_written(("sources", other.name, "path")) > notes.is_written(
            ("sources", source.name, "path")
        ):
            here, there = other, source
        notes.error(
            ("sources", here.name, "path"),
            f"{here.path} is the path of source {there.name!r} already",
            "give it another one",
        )
    return found


def _store(config: Config, notes: Notes) -> StoreSettings:
    store = config.file.store
    scheme, _, rest = store.url.partition(":")
    where = ("store", "url")
    if scheme != "sqlite" or not rest or "\0" in rest:
        notes.error(where, f"{store.url!r} is no store", "sqlite:gateway.db or sqlite:///var/lib/…")
        rest = "gateway.db"
    path = Path(rest[2:]) if rest.startswith("///") else config.folder / rest
    if store.dedup_window < store.retention:
        key, said = "retention", "longer than `dedup_window`"
        if notes.is_written(("store", "dedup_window")):
            key, said = "dedup_window", "shorter than `retention`"
        notes.error(
            ("store", key),
            f"{said}: a kept event could be accepted again",
            f"they are {store.retention / 86400:g}d and {store.dedup_window / 86400:g}d",
        )
    # What lies beside a database (lock, reserve, socket) has to be where SQLite keeps its log: beside
    # the file itself, whatever links lead there, and on its disk.
    path = Path(os.path.realpath(path))
    return StoreSettings(path, store.retention, store.dedup_window, store.min_free, store.writer)


def _look_over(plan: Plan, shape: shapes.File, notes: Notes) -> None:
    """What is allowed and probably not meant."""
    warn_twice(plan.routes, plan.sources, notes)
    used = {name for route in plan.routes.values() for name in route.targets}
    for name in plan.targets:
        if name not in used:
            notes.warn(("targets", name), f"no route delivers to target {name!r}", key=True)
    for name, source in plan.sources.items():
        routes = [r for r in plan.routes.values() if r.sources is None or name in r.sources]
        if plan.routes and not routes:
            notes.warn(("sources", name), f"no route takes events of source {name!r}", key=True)
        if not source.enforce and not any(route.accept_unverified for route in routes):
            notes.warn(
                ("sources", name, "enforce"),
                "shadow mode, and no route says accept_unverified: its events are only stored",
            )
        if source.amber:
            notes.warn(("sources", name), source.amber, key=True)
    if shape.server.client_address == "peer" and any(s.allow for s in plan.sources.values()):
        notes.warn(
            ("server", "client_address"), "behind a proxy every request has the proxy's address"
        )
