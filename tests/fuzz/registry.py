"""All targets by name."""

from tests.fuzz.target import Target
from tests.fuzz.targets import (
    addresses,
    bounds,
    configuration,
    events,
    expressions,
    judging,
    listener,
    patterns,
    payloads,
    proofs,
    schemes,
    sending,
    templates,
)

_ALL = (
    proofs.TARGET,
    schemes.TARGET,
    schemes.SECRETS,
    addresses.TARGET,
    addresses.NETWORKS,
    payloads.TARGET,
    events.TARGET,
    sending.TARGET,
    expressions.TARGET,
    templates.TARGET,
    patterns.TARGET,
    configuration.TARGET,
    configuration.VALUES,
    judging.TARGET,
    listener.TARGET,
    bounds.RATES,
    bounds.ANSWERS,
    bounds.MARKERS,
)
TARGETS: dict[str, Target] = {target.name: target for target in _ALL}
