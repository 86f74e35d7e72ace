"""Measures what handing the record of one slot to a sink costs the thread that decodes.

Each sink is built by its name and given the same record, in batches. A queue is emptied between two batches, so that
nothing is dropped; what its thread does is not counted. The sink `otel` is measured with no provider, with metrics that
Prometheus would scrape, and with spans and events besides, which leave through batch processors to nowhere.

Run as `guardbind bench cost --sinks`.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from guardbind.errors import MissingDependencyError
from guardbind.events import Emitter, build_sinks
from guardbind.events.emit import Sink
from guardbind.frozen import Frozen
from guardbind.testing.sink import example_records

__all__ = ["SinkCost", "measure", "sink_arms"]

_BATCH = 100
# Nothing is dropped on the way out, which would be cheaper.
_QUEUE = 1_000_000


class SinkCost(Frozen):
    """What one sink costs per slot."""

    sink: str
    """What was measured."""
    microseconds: float
    """Median over the batches, of the mean within one."""
    low: float
    """The fastest batch."""
    high: float
    """The slowest batch."""
    batches: int
    """Batches of 100 records."""


def sink_arms(folder: Path) -> list[tuple[str, Callable[[], Sink]]]:
    """Return the sinks to measure, by what they are; those of `otel` set global providers, one after the other.

    Args:
        folder: Where files go.
    """
    return [
        ("a function that does nothing", lambda: _nothing),
        ("jsonl", lambda: _built(f"jsonl:{folder / 'plain.jsonl'}")),
        ("jsonl, rotated at 1 MB", lambda: _built(f"jsonl:{folder / 'rotated.jsonl'}?max_size=1MB&keep=2")),
        ("queued:jsonl", lambda: _built(f"queued:jsonl:{folder / 'queued.jsonl'}")),
        ("otel, no provider is set", lambda: _built("otel")),
        ("otel, metrics", _with_metrics),
        ("otel, metrics, spans and events", _with_everything),
        ("queued:otel, metrics, spans and events", lambda: _built("queued:otel")),
    ]


def measure(arms: Sequence[tuple[str, Callable[[], Sink]]], batches: int) -> list[SinkCost]:
    """Measure sinks, the later ones after the earlier ones: what they set stays.

    Args:
        arms: Name and maker of each.
        batches: How many batches of each are timed.

    Raises:
        MissingDependencyError: The extra `otel` is not installed.
    """
    record, costs = example_records()[0], []
    for name, make in arms:
        sink = make()
        emitter = Emitter([sink], capture_text=False)
        times = []
        for batch in range(batches + 1):
            start = time.perf_counter()
            for _ in range(_BATCH):
                emitter.emit(record)
            if batch:  # the first one sets up
                times.append((time.perf_counter() - start) / _BATCH * 1e6)
            flush = getattr(sink, "flush", None)
            if flush is not None:
                flush()
        costs.append(
            SinkCost(sink=name, microseconds=statistics.median(times), low=min(times), high=max(times), batches=batches)
        )
    return costs


def _built(spec: str) -> Sink:
    return build_sinks([spec])[0]


def _nothing(_record: object) -> None:
    """Takes a record."""


def _with_metrics() -> Sink:
    try:
        from opentelemetry import metrics
        from opentelemetry.exporter.prometheus import PrometheusMetricReader
        from opentelemetry.sdk.metrics import MeterProvider
    except ImportError as error:
        raise _missing() from error
    metrics.set_meter_provider(MeterProvider(metric_readers=[PrometheusMetricReader()]))
    return _built("otel")


def _with_everything() -> Sink:
    try:
        from opentelemetry import _logs, trace
        from opentelemetry.sdk._logs import LoggerProvider
        from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, ConsoleLogRecordExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter
    except ImportError as error:
        raise _missing() from error
    nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    tracers, loggers = TracerProvider(), LoggerProvider()
    tracers.add_span_processor(BatchSpanProcessor(ConsoleSpanExporter(out=nowhere), max_queue_size=_QUEUE))
    loggers.add_log_record_processor(
        BatchLogRecordProcessor(ConsoleLogRecordExporter(out=nowhere), max_queue_size=_QUEUE)
    )
    trace.set_tracer_provider(tracers)
    _logs.set_logger_provider(loggers)
    return _built("otel")


def _missing() -> MissingDependencyError:
    return MissingDependencyError(
        "the sink 'otel' is measured with the SDK of OpenTelemetry.",
        hint="Run: python -m pip install 'guardbind[otel]'",
    )
