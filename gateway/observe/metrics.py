"""Counters and gauges in memory, in the Prometheus text format. A scrape never asks the store.

`METRICS` is the whole list: the registry is told its texts and the documentation prints it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from gateway.observe.tallies import Counts, Levels, Spreads

OldestPending = Callable[[], Mapping[str, float]]
"""Seconds that the oldest pending delivery of each target has waited."""
OpenBreakers = Callable[[], Mapping[tuple[str, str], bool]]
"""By target and endpoint: whether the breaker is open."""

UNKNOWN = "_unknown"
"""Requests to no configured source count under this name."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One line of the list."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    about: str


METRICS: tuple[Metric, ...] = (
    Metric("gateway_requests_total", "counter", ("source", "outcome"), "requests by their end"),
    Metric("gateway_request_seconds", "histogram", ("source",), "from the headers to the answer"),
    Metric("gateway_commit_seconds", "histogram", (), "one commit of the store, sync included"),
    Metric("gateway_commit_events", "histogram", (), "events stored by one commit"),
    Metric("gateway_events_total", "counter", ("source", "type"), "events stored"),
    Metric("gateway_deliveries", "gauge", ("target", "state"), "deliveries not finished"),
    Metric("gateway_delivered_total", "counter", ("target",), "deliveries a target took"),
    Metric("gateway_attempts_total", "counter", ("target", "result"), "attempts by their result"),
    Metric("gateway_attempt_seconds", "histogram", ("target",), "one attempt, answer included"),
    Metric("gateway_oldest_pending_seconds", "gauge", ("target",), "age of the oldest that waits"),
    Metric("gateway_breaker_open", "gauge", ("target", "endpoint"), "1: its breaker is not closed"),
    Metric("gateway_source_closed", "gauge", ("source", "reason"), "1: the source answers 503"),
    Metric("gateway_store_free_bytes", "gauge", (), "room for the store: see min_free"),
    Metric("gateway_store_refusing", "gauge", (), "1: new events get 503 for the store's disk"),
    Metric("gateway_plan_generation", "gauge", (), "number of the running configuration"),
    Metric("gateway_reload_failed", "gauge", (), "1: the last reload was refused"),
    Metric("gateway_refused_dropped_total", "counter", (), "refused requests counted, not logged"),
)

_SECONDS = (0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1, 4, 16)
_EVENTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
_STATES = ("pending", "leased", "held", "dead")


class _Asked(Collector):
    """What is asked for when somebody looks: ages that grow by themselves, breakers that time
    opens to a probe."""

    def __init__(self, read: "Metrics") -> None:
        self._read = read

    def collect(self) -> Iterable[GaugeMetricFamily]:
        ages = _family("gateway_oldest_pending_seconds")
        for target, seconds in self._read.oldest_pending().items():
            ages.add_metric([target], seconds)
        breakers = _family("gateway_breaker_open")
        for labels, is_open in self._read.open_breakers().items():
            breakers.add_metric(labels, float(is_open))
        return (ages, breakers)


def _told(name: str) -> tuple[str, str, tuple[str, ...]]:
    """Name, meaning and labels, as what keeps a metric is told them."""
    (metric,) = (one for one in METRICS if one.name == name)
    return metric.name, metric.about, metric.labels


def _family(name: str) -> GaugeMetricFamily:
    _, about, labels = _told(name)
    return GaugeMetricFamily(name, about, labels=labels)


class Metrics:
    """All metrics of one gateway."""

    def __init__(self) -> None:
        self.registry = kept = CollectorRegistry(auto_describe=False)
        self.oldest_pending: OldestPending = dict
        self.open_breakers: OpenBreakers = dict
        self._requests = Spreads(
            *_told("gateway_request_seconds"), kept, _SECONDS, of=_told("gateway_requests_total")
        )
        self._commit_seconds = Spreads(*_told("gateway_commit_seconds"), kept, _SECONDS)
        self._commit_events = Spreads(*_told("gateway_commit_events"), kept, _EVENTS)
        self._events = Counts(*_told("gateway_events_total"), kept)
        self._deliveries = Levels(*_told("gateway_deliveries"), kept)
        self._delivered = Counts(*_told("gateway_delivered_total"), kept)
        self._attempts = Spreads(
            *_told("gateway_attempt_seconds"), kept, _SECONDS, of=_told("gateway_attempts_total")
        )
        self._source_closed = Gauge(*_told("gateway_source_closed"), registry=kept)
        self.free_bytes = Gauge(*_told("gateway_store_free_bytes"), registry=kept)
        self.refusing = Gauge(*_told("gateway_store_refusing"), registry=kept)
        self.generation = Gauge(*_told("gateway_plan_generation"), registry=kept)
        self.reload_failed = Gauge(*_told("gateway_reload_failed"), registry=kept)
        self.refused_dropped = Counter(*_told("gateway_refused_dropped_total"), registry=kept)
        kept.register(_Asked(self))

    # ---- the public listener

    def ended(self, source: str, outcome: str, seconds: float) -> None:
        """One request ended. seconds: from its headers to its answer."""
        self._requests.add((source, outcome), seconds)

    # ---- the store

    def committed(self, seconds: float, events: int) -> None:
        """One commit."""
        self._commit_seconds.add((), seconds)
        self._commit_events.add((), events)

    def stored(self, source: str, type: str) -> None:
        """One event was stored."""
        self._events.add((source, type))

    def changed(self, counts: Mapping[tuple[str, str], int]) -> None:
        """By how much the numbers of unfinished deliveries changed, by (target, state)."""
        for labels, by in counts.items():
            if labels[1] in _STATES:
                self._deliveries.add(labels, by)

    # ---- delivery

    def delivered(self, target: str) -> None:
        """A target took a delivery."""
        self._delivered.add((target,))

    def attempted(self, target: str, result: str, seconds: float) -> None:
        """One attempt ended. `result`: `delivered`, or the error class."""
        self._attempts.add((target, result), seconds)

    # ---- the plan

    def sources(self, closed: Mapping[str, str]) -> None:
        """Which sources answer 503, and why."""
        self._source_closed.clear()
        for source, reason in closed.items():
            self._source_closed.labels(source, reason).set(1)

    def render(self) -> bytes:
        """The whole registry as Prometheus text."""
        return generate_latest(self.registry)
