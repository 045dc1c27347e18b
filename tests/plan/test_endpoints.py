"""Endpoints, breaker and check: what is written, what follows by itself, what does nothing."""

from pathlib import Path

import pytest

from gateway.plan.compile import compile_plan
from gateway.plan.plan import BreakerPolicy, Endpoint, HealthCheck, Plan

TEXT = """\
version: 1
sources: {{}}
targets:
  sink: {{{target}}}
routes: [{{name: all, to: [sink]}}]
"""
TWO = 'endpoints: [{url: "http://10.0.0.1/", weight: 3}, {url: "http://10.0.0.2/"}]'
ONE = 'url: "http://10.0.0.1/"'


def plan(folder: Path, target: str, **environ: str) -> Plan:
    file = folder / "routes.yaml"
    file.write_text(TEXT.format(target=target))
    return compile_plan(file, environ, generation=1)


def test_by_default_there_is_no_breaker_no_check_no_rate_and_round_robin(tmp_path: Path) -> None:
    sink = plan(tmp_path, ONE).targets["sink"]
    assert sink.endpoints == (Endpoint("http://10.0.0.1/"),)
    assert (sink.breaker, sink.health, sink.rate) == (None, None, None)
    assert (sink.balance, sink.resolve_all, sink.answer) == ("round_robin", False, 65536)


def test_all_of_it_can_be_written(tmp_path: Path) -> None:
    whole = plan(
        tmp_path,
        f"{TWO}, balance: weighted, rate: 600/m, answer: 4KiB, resolve: all, "
        "health: {path: /healthz, every: 5s}, breaker: {failures: 3, ratio: 0.5, window: 1m, "
        "minimum: 10, cooldown: 5s, cap: 2m}",
    )
    sink = whole.targets["sink"]
    assert sink.endpoints == (Endpoint("http://10.0.0.1/", 3), Endpoint("http://10.0.0.2/", 1))
    assert (sink.balance, sink.rate, sink.answer, sink.resolve_all) == ("weighted", 10, 4096, True)
    assert sink.health == HealthCheck("/healthz", 5)
    assert sink.breaker == BreakerPolicy(3, 0.5, 60, 10, 5, 120)


@pytest.mark.parametrize(
    ("written", "policy"),
    [
        ("{}", BreakerPolicy(5, None, 30, 20, 30, 300)),
        ("{ratio: 0.2}", BreakerPolicy(None, 0.2, 30, 20, 30, 300)),
        ("{failures: 2, ratio: 1}", BreakerPolicy(2, 1.0, 30, 20, 30, 300)),
        ("{cooldown: 10m}", BreakerPolicy(5, None, 30, 20, 600, 600)),
        ('{ratio: "${RATIO}", failures: "${N}"}', BreakerPolicy(7, 0.25, 30, 20, 30, 300)),
    ],
)
def test_what_a_breaker_leaves_out_follows(
    tmp_path: Path, written: str, policy: BreakerPolicy
) -> None:
    sink = plan(tmp_path, f"{ONE}, breaker: {written}", RATIO="0.25", N="7").targets["sink"]
    assert sink.breaker == policy


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (f"{ONE}, balance: random", "only one endpoint"),
        (TWO, "counts with `balance: weighted` only"),
        (f"{ONE}, breaker: {{window: 1m}}", "counts with `ratio` only"),
        (f"{ONE}, resolve: all", "no endpoint has a name"),
    ],
)
def test_what_does_nothing_is_a_warning(tmp_path: Path, target: str, said: str) -> None:
    (warning,) = plan(tmp_path, target).warnings
    assert said in warning.message
    assert warning.line == 4
