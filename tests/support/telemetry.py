"""Collects in this process what the sink `otel` makes, and scrapes what Prometheus would see."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk._logs import LoggerProvider, ReadableLogRecord
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.parser import text_string_to_metric_families

from guardbind_adapters.otel import OtelSink

__all__ = ["Collected", "Scraped", "scraped_sink"]


class Collected:
    """A sink whose spans, events and metrics stay in this process."""

    def __init__(self) -> None:
        self._spans, self._events, self._metrics = (
            InMemorySpanExporter(),
            InMemoryLogRecordExporter(),  # type: ignore[no-untyped-call]
            InMemoryMetricReader(),
        )
        self.tracer_provider, self.logger_provider = TracerProvider(), LoggerProvider()
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self._spans))
        self.logger_provider.add_log_record_processor(SimpleLogRecordProcessor(self._events))
        self.meter_provider = MeterProvider(metric_readers=[self._metrics])
        self.sink = self.further_sink()

    def further_sink(self) -> OtelSink:
        return OtelSink(
            tracer_provider=self.tracer_provider,
            meter_provider=self.meter_provider,
            logger_provider=self.logger_provider,
        )

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self._spans.get_finished_spans())

    @property
    def events(self) -> list[Any]:
        found: tuple[ReadableLogRecord, ...] = self._events.get_finished_logs()
        return [entry.log_record for entry in found]

    def points(self) -> dict[str, list[Any]]:
        """The data points of each instrument."""
        data = self._metrics.get_metrics_data()
        if data is None:
            return {}
        scopes = [scope for resource in data.resource_metrics for scope in resource.scope_metrics]
        return {metric.name: list(metric.data.data_points) for scope in scopes for metric in scope.metrics}

    def total(self, name: str, **attributes: str) -> float:
        """The sum of a counter over the points that have these attributes (`guardbind.` left out)."""
        wanted = {f"guardbind.{key}": value for key, value in attributes.items()}
        return float(
            sum(point.value for point in self.points().get(name, []) if wanted.items() <= point.attributes.items())
        )


class Scraped:
    """What an endpoint exposes, asked for anew each time."""

    def __init__(self, url: str) -> None:
        self.url = url

    def samples(self) -> list[Any]:
        with urllib.request.urlopen(self.url, timeout=20) as answer:
            text = answer.read().decode()
        return [sample for family in text_string_to_metric_families(text) for sample in family.samples]

    def names(self) -> set[str]:
        return {sample.name for sample in self.samples()}

    def total(self, name: str, **labels: str) -> float:
        wanted = {f"guardbind_{key}": value for key, value in labels.items()}
        return float(sum(s.value for s in self.samples() if s.name == name and wanted.items() <= s.labels.items()))


@contextmanager
def scraped_sink() -> Iterator[tuple[OtelSink, Scraped]]:
    """Yield a sink whose metrics are exposed to Prometheus over a real connection."""
    registry = CollectorRegistry()
    provider = MeterProvider(metric_readers=[PrometheusMetricReader(registry=registry)])
    server, thread = start_http_server(0, addr="127.0.0.1", registry=registry)
    try:
        yield OtelSink(meter_provider=provider), Scraped(f"http://127.0.0.1:{server.server_port}/metrics")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        provider.shutdown()
