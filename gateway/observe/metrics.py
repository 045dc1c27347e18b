"""Counters and gauges in memory, in the Prometheus text format. A scrape never asks the store.

`METRICS` is the whole list: the registry is built from it and the documentation prints it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

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


_ASKED = frozenset({"gateway_oldest_pending_seconds", "gateway_breaker_open"})


def _family(name: str) -> GaugeMetricFamily:
    (metric,) = (one for one in METRICS if one.name == name)
    return GaugeMetricFamily(name, metric.about, labels=metric.labels)


class Metrics:
    """All metrics of one gateway, with children cached: this is on the hot path."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self.oldest_pending: OldestPending = dict
        self.open_breakers: OpenBreakers = dict
        made = {metric.name: self._make(metric) for metric in METRICS if self._kept(metric)}
        self._requests: Counter = made["gateway_requests_total"]
        self._request_seconds: Histogram = made["gateway_request_seconds"]
        self._commit_seconds: Histogram = made["gateway_commit_seconds"]
        self._commit_events: Histogram = made["gateway_commit_events"]
        self._events: Counter = made["gateway_events_total"]
        self._deliveries: Gauge = made["gateway_deliveries"]
        self._delivered: Counter = made["gateway_delivered_total"]
        self._attempts: Counter = made["gateway_attempts_total"]
        self._attempt_seconds: Histogram = made["gateway_attempt_seconds"]
        self._source_closed: Gauge = made["gateway_source_closed"]
        self.free_bytes: Gauge = made["gateway_store_free_bytes"]
        self.refusing: Gauge = made["gateway_store_refusing"]
        self.generation: Gauge = made["gateway_plan_generation"]
        self.reload_failed: Gauge = made["gateway_reload_failed"]
        self.refused_dropped: Counter = made["gateway_refused_dropped_total"]
        self._children: dict[tuple[str, ...], Counter] = {}
        self._histograms: dict[str, Histogram] = {}
        self.registry.register(_Asked(self))

    @staticmethod
    def _kept(metric: Metric) -> bool:
        return metric.name not in _ASKED

    def _make(self, metric: Metric):  # type: ignore[no-untyped-def]  # three kinds, one table
        if metric.kind == "counter":
            return Counter(metric.name, metric.about, metric.labels, registry=self.registry)
        if metric.kind == "gauge":
            return Gauge(metric.name, metric.about, metric.labels, registry=self.registry)
        buckets = _EVENTS if metric.name.endswith("_events") else _SECONDS
        return Histogram(
            metric.name, metric.about, metric.labels, registry=self.registry, buckets=buckets
        )

    def _counter(self, of: Counter, kind: str, *labels: str) -> Counter:
        key = (kind, *labels)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = of.labels(*labels)
        return child

    # ---- the public listener

    def count(self, source: str, outcome: str) -> None:
        """One request ended."""
        self._counter(self._requests, "r", source, outcome).inc()

    def observe(self, source: str, seconds: float) -> None:
        """How long one request took."""
        child = self._histograms.get(source)
        if child is None:
            child = self._histograms[source] = self._request_seconds.labels(source)
        child.observe(seconds)

    # ---- the store

    def committed(self, seconds: float, events: int) -> None:
        """One commit."""
        self._commit_seconds.observe(seconds)
        self._commit_events.observe(events)

    def stored(self, source: str, type: str) -> None:
        """One event was stored."""
        self._counter(self._events, "e", source, type).inc()

    def changed(self, counts: Mapping[tuple[str, str], int]) -> None:
        """By how much the numbers of unfinished deliveries changed, by (target, state)."""
        for (target, state), by in counts.items():
            if state in _STATES:
                self._deliveries.labels(target, state).inc(by)

    # ---- delivery

    def delivered(self, target: str) -> None:
        """A target took a delivery."""
        self._counter(self._delivered, "d", target).inc()

    def attempted(self, target: str, result: str, seconds: float) -> None:
        """One attempt ended. `result`: `delivered`, or the error class."""
        self._counter(self._attempts, "a", target, result).inc()
        key = "a:" + target
        child = self._histograms.get(key)
        if child is None:
            child = self._histograms[key] = self._attempt_seconds.labels(target)
        child.observe(seconds)

    # ---- the plan

    def sources(self, closed: Mapping[str, str]) -> None:
        """Which sources answer 503, and why."""
        self._source_closed.clear()
        for source, reason in closed.items():
            self._source_closed.labels(source, reason).set(1)

    def render(self) -> bytes:
        """The whole registry as Prometheus text."""
        return generate_latest(self.registry)
