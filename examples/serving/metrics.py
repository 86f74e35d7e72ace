"""Counts requests, batches and verdicts, and shows them to Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from serving.batching import Answer

__all__ = ["Metrics"]

_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60)


class Metrics:
    """The figures of one server, in a registry of its own.

    Args:
        waiting: Says how many requests wait.
    """

    content_type = CONTENT_TYPE_LATEST

    def __init__(self, waiting: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        registry = self._registry
        self._requests = Counter("server_requests", "Requests by HTTP status.", ["status"], registry=registry)
        self._seconds = Histogram("server_seconds", "Time to a whole answer.", buckets=_SECONDS, registry=registry)
        self._rows = Histogram("server_rows", "Rows of a batch.", buckets=(1, 2, 4, 8, 16, 32), registry=registry)
        self._slots = Counter(
            "guardbind_slots", "Slots by verdict.", ["verdict", "final_verdict", "action"], registry=registry
        )
        Gauge("server_waiting", "Requests in the queue.", registry=registry).set_function(waiting)

    def answered(self, answer: Answer, seconds: float) -> None:
        """Count an answer and its slots."""
        self._requests.labels("200").inc()
        self._seconds.observe(seconds)
        for slot in answer.slots:
            self._slots.labels(slot.verdict, slot.final_verdict, slot.action).inc()

    def refused(self, status: int) -> None:
        """Count an error."""
        self._requests.labels(str(status)).inc()

    def batch(self, rows: int) -> None:
        """Count a batch."""
        self._rows.observe(rows)

    def text(self) -> bytes:
        """Return all figures as Prometheus reads them: the one place to exchange for another exporter."""
        return generate_latest(self._registry)
