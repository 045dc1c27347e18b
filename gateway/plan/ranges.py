"""Puts a provider's addresses into the allowlists of a plan. Where they come from is `upkeep`'s.

Pure. An allowlist that names no `provider`, or a source without one, is never touched.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gateway.plan.plan import Plan, Source
from gateway.providers.declaration import Ranges
from gateway.verify.addresses import AddressSet, Network


def wanted(plan: Plan) -> dict[str, Ranges]:
    """By provider: what is published by the senders whose addresses some allowlist takes."""
    return {
        source.declaration.name: source.declaration.ranges
        for source in plan.sources.values()
        if _takes(source) and source.declaration.ranges is not None
    }


def with_ranges(plan: Plan, known: Mapping[str, Sequence[Network]]) -> Plan:
    """The same plan with these networks for each provider; one that is not in it stays as it is."""
    sources = {name: _renewed(source, known) for name, source in plan.sources.items()}
    by_path = {path: sources[source.name] for path, source in plan.by_path.items()}
    return replace(plan, sources=sources, by_path=by_path)


def _takes(source: Source) -> bool:
    return source.allow is not None and source.allow_provider


def _renewed(source: Source, known: Mapping[str, Sequence[Network]]) -> Source:
    networks = known.get(source.declaration.name)
    if not networks or not _takes(source):
        return source
    return replace(source, allow=AddressSet((*source.allow_named, *networks)))
