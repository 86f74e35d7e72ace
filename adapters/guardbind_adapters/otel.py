"""Hands records to OpenTelemetry: as spans, as log events, and as metrics."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from guardbind._version import __version__
from guardbind.errors import ConfigError, MissingDependencyError
from guardbind.events import (
    AuditClaimRecord,
    AuditEndRecord,
    AuditEvent,
    Event,
    GenerationRecord,
    InterventionRecord,
    Provenance,
    SlotRecord,
)

try:
    from opentelemetry import trace
    from opentelemetry._logs import LoggerProvider, SeverityNumber, get_logger
    from opentelemetry.context import Context, get_current
    from opentelemetry.metrics import MeterProvider, get_meter
    from opentelemetry.trace import Span, Status, StatusCode, TracerProvider
except ImportError as missing:
    raise MissingDependencyError(
        "the sink 'otel' needs the package opentelemetry-api.", hint="Run: python -m pip install 'guardbind[otel]'"
    ) from missing

from guardbind_adapters.otel_attributes import (
    AttributeMap,
    generation_end,
    generation_start,
    intervention_attributes,
    slot_attributes,
)
from guardbind_adapters.otel_audits import AuditSignals
from guardbind_adapters.otel_metrics import GuardInstruments
from guardbind_adapters.queued import dropped_records

__all__ = ["OtelSink", "otel_sink"]

_SCOPE = "guardbind"
# A generation whose end never comes must not be remembered for ever.
_MOST_OPEN = 1000


@dataclass(slots=True)
class _OpenGeneration:
    """A generation whose end has not come yet: its span, and the context of the slot that came last."""

    span: Span
    context: Context
    last_slot: Context


class OtelSink:
    """Makes a span per generation with one per slot in it, a log event for each record, and metrics.

    The span that is current where `generate` is called is the parent. Without arguments the global providers are used,
    also those that are set later; where one is not set, its signal costs next to nothing and goes nowhere.

    Args:
        tracer_provider: Makes the spans `guardbind.generation` and `guardbind.slot`.
        meter_provider: Makes the instruments `guardbind.*`.
        logger_provider: Takes the events `gen_ai.evaluation.result` (a slot, or a claim of an audit),
            `guardbind.intervention`, `guardbind.generation` and `guardbind.audit`.

    Example:
        >>> from guardbind import GuardConfig
        >>> config = GuardConfig(sinks=(OtelSink(),))  # or sinks=("otel",)
    """

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        logger_provider: LoggerProvider | None = None,
    ) -> None:
        self._tracer = trace.get_tracer(_SCOPE, __version__, tracer_provider)
        self._logger = get_logger(_SCOPE, __version__, logger_provider)
        meter = get_meter(_SCOPE, __version__, meter_provider)
        self._instruments = GuardInstruments(meter)
        self._audits = AuditSignals(meter, self._of_audit)
        self._lock = threading.Lock()
        self._open: OrderedDict[str, _OpenGeneration] = OrderedDict()

    def __call__(self, record: Event | AuditEvent) -> None:
        """Take one record."""
        if isinstance(record, (AuditClaimRecord, AuditEndRecord)):
            self._audits(record)
        elif isinstance(record, SlotRecord):
            self._slot(record)
        elif isinstance(record, InterventionRecord):
            self._intervention(record)
        else:
            self._generation(record)

    def _slot(self, record: SlotRecord) -> None:
        self._instruments.slot(record)
        generation, attributes = self._opened(record.provenance), slot_attributes(record)
        end = _moment(record.provenance, record.at)
        start = end - round((record.seconds or 0.0) * 1e9)
        span = self._tracer.start_span(
            "guardbind.slot", context=generation.context, start_time=start, attributes=attributes
        )
        generation.last_slot = trace.set_span_in_context(span, generation.context)
        span.end(end)
        severity = SeverityNumber.INFO if record.passed else SeverityNumber.WARN
        self._event("gen_ai.evaluation.result", severity, generation.last_slot, attributes, end)

    def _intervention(self, record: InterventionRecord) -> None:
        self._instruments.intervention(record)
        generation, attributes = self._opened(record.provenance), intervention_attributes(record)
        self._event("guardbind.intervention", SeverityNumber.INFO, generation.last_slot, attributes, time.time_ns())

    def _generation(self, record: GenerationRecord) -> None:
        self._instruments.generation(record)
        generation = self._opened(record.provenance)
        with self._lock:
            self._open.pop(_id(record.provenance), None)
        attributes = generation_end(record, dropped=sum(dropped_records().values()))
        end = _moment(record.provenance, record.seconds)
        generation.span.set_attributes(attributes)
        if record.error is not None:
            generation.span.set_status(Status(StatusCode.ERROR, record.error))
        severity = SeverityNumber.INFO if record.error is None else SeverityNumber.ERROR
        everything = {**generation_start(record.provenance), **attributes}
        self._event("guardbind.generation", severity, generation.context, everything, end)
        generation.span.end(end)

    def _opened(self, provenance: Provenance | None) -> _OpenGeneration:
        """Return the generation that a record belongs to, begun with its first record."""
        with self._lock:
            known = self._open.get(_id(provenance))
            if known is not None:
                return known
            span = self._tracer.start_span(
                "guardbind.generation",
                start_time=_moment(provenance, 0.0),
                attributes=generation_start(provenance),
            )
            context = trace.set_span_in_context(span)
            known = self._open[_id(provenance)] = _OpenGeneration(span, context, context)
            spare = self._open.popitem(last=False)[1] if len(self._open) > _MOST_OPEN else None
        if spare is not None:
            spare.span.end()
        return known

    def _of_audit(self, name: str, severity: SeverityNumber, attributes: AttributeMap) -> None:
        # In the span that is current where the audit is made.
        self._event(name, severity, get_current(), attributes, time.time_ns())

    def _event(self, name: str, severity: SeverityNumber, context: Context, attributes: AttributeMap, at: int) -> None:
        self._logger.emit(
            event_name=name,
            severity_number=severity,
            severity_text=severity.name,
            context=context,
            attributes=attributes,
            timestamp=at,
        )


def otel_sink(argument: str) -> OtelSink:
    """Return a sink on the global providers: `GuardConfig(sinks=("otel",))`.

    Args:
        argument: Empty.

    Raises:
        ConfigError: It is not.
    """
    if argument:
        raise ConfigError(
            f"the sink 'otel' takes no argument, got {argument!r}.",
            hint="Set global providers, or give OtelSink(meter_provider=...) as the sink.",
        )
    return OtelSink()


def _id(provenance: Provenance | None) -> str:
    return "" if provenance is None else provenance.generation


def _moment(provenance: Provenance | None, seconds: float | None) -> int:
    """Return nanoseconds since 1970 of a moment of a generation; now where it is not known."""
    if provenance is None or provenance.started is None or seconds is None:
        return time.time_ns()
    return round((provenance.started + seconds) * 1e9)
