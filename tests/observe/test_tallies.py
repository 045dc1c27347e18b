"""Our own counting is shown to the letter as prometheus_client would show it."""

import re

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from gateway.observe.metrics import METRICS, Metrics
from gateway.observe.tallies import Counts, Levels, Spreads

BOUNDS = (0.5, 1, 16)
VALUES = (0.0, 0.25, 0.5, 0.500001, 1, 1.5, 16, 16.5, 1e9, 1.0, 3e-05)


def shown(registry: CollectorRegistry) -> str:
    """Without the times of creation, which no two have in common."""
    return re.sub(r"(?m)^(\w+_created\b.*) \S+$", r"\1", generate_latest(registry).decode())


def test_a_counter_is_shown_as_the_library_shows_its_own():
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    mine = Counts("requests_total", "of all", ("source", "outcome"), ours)
    own = Counter("requests_total", "of all", ("source", "outcome"), registry=theirs)
    assert shown(ours) == shown(theirs)
    for labels in (("a", "x"), ("b", 'odd "\n\\'), ("a", "x"), ("a", "é")):
        mine.add(labels)
        own.labels(*labels).inc()
        assert shown(ours) == shown(theirs)


def test_a_gauge_is_shown_as_the_library_shows_its_own() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    mine = Levels("deliveries", "of all", ("target", "state"), ours)
    own = Gauge("deliveries", "of all", ("target", "state"), registry=theirs)
    assert shown(ours) == shown(theirs)
    for labels, by in (
        (("a", "x"), 5),
        (("b", 'odd "\n\\'), 1),
        (("a", "x"), -5),
        (("a", "é"), -1),
    ):
        mine.add(labels, by)
        own.labels(*labels).inc(by)
        assert shown(ours) == shown(theirs)


def test_a_histogram_is_shown_as_the_library_shows_its_own():
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    for name, names, labels in (("seconds", ("source",), ("a",)), ("plain", (), ())):
        mine = Spreads(name, "of all", names, ours, BOUNDS)
        own = Histogram(name, "of all", names, registry=theirs, buckets=BOUNDS)
        assert shown(ours) == shown(theirs)
        for value in VALUES:
            mine.add(labels, value)
            (own.labels(*labels) if labels else own).observe(value)
            assert shown(ours) == shown(theirs)


def test_a_counter_and_a_histogram_of_the_same_things_are_shown_as_two() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    many = ("requests_total", "of all", ("source", "outcome"))
    mine = Spreads("seconds", "of all", ("source",), ours, BOUNDS, of=many)
    counter = Counter(*many, registry=theirs)
    own = Histogram("seconds", "of all", ("source",), registry=theirs, buckets=BOUNDS)
    assert shown(ours) == shown(theirs)
    for source, outcome, value in (("a", "x", 0.5), ("b", "x", 9), ("a", "y", 1), ("a", "x", 99)):
        mine.add((source, outcome), value)
        counter.labels(source, outcome).inc()
        own.labels(source).observe(value)
        assert shown(ours) == shown(theirs)


def test_every_metric_of_the_list_is_shown():
    text = Metrics().render().decode()
    for metric in METRICS:
        assert f"# TYPE {metric.name} {metric.kind}\n" in text
        assert f"# HELP {metric.name} {metric.about}\n" in text
