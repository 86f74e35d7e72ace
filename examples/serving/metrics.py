"""Shows requests and batches to Prometheus, beside what the guard's own sink counts of generations and slots."""

from __future__ import annotations

from collections.abc import Callable

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from guardbind_adapters.otel import OtelSink

__all__ = ["Metrics"]

_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60)


class Metrics:
    """The figures of one server, in a registry of its own.

    Attributes:
        sink: Goes into `GuardConfig.sinks`; what it counts is what `examples/observe/` has a dashboard and alerts for.
    """

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        reader = PrometheusMetricReader(registry=registry)
        self.sink = OtelSink(meter_provider=MeterProvider(metric_readers=[reader]))
        self._requests = Counter("server_requests", "Requests by HTTP status.", ["status"], registry=registry)
        self._seconds = Histogram("server_seconds", "Time to a whole answer.", buckets=_SECONDS, registry=registry)
        self._rows = Histogram("server_rows", "Rows of a batch.", buckets=(1, 2, 4, 8, 16, 32), registry=registry)
        self._waiting = Gauge("server_waiting", "Requests in the queue.", registry=registry)

    def watch(self, waiting: Callable[[], int]) -> None:
        """Have the length of a queue asked for whenever the figures are shown."""
        self._waiting.set_function(waiting)

    def answered(self, seconds: float) -> None:
        """Count an answer."""
        self._requests.labels("200").inc()
        self._seconds.observe(seconds)

    def refused(self, status: int) -> None:
        """Count an error."""
        self._requests.labels(str(status)).inc()

    def batch(self, rows: int) -> None:
        """Count a batch."""
        self._rows.observe(rows)

    def text(self) -> bytes:
        """Return all figures as Prometheus reads them."""
        return generate_latest(self._registry)
