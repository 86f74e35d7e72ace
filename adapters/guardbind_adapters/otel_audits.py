"""Hands audits to OpenTelemetry: counts of claims by verdict, and a log event for each claim and each end."""

from __future__ import annotations

from collections.abc import Callable

from opentelemetry._logs import SeverityNumber
from opentelemetry.metrics import Meter

from guardbind.events import AuditClaimRecord, AuditEndRecord, AuditEvent, Provenance
from guardbind_adapters.otel_attributes import AttributeMap, clipped, known_attributes

__all__ = ["AuditSignals"]

_SECONDS = (0.05, 0.25, 1.0, 5.0, 25.0, 120.0, 600.0)
_WARNED = frozenset({"contradicted", "unsupported", "under_budget"})

Emit = Callable[[str, SeverityNumber, AttributeMap], None]
"""Writes a log event, by its name, severity and attributes."""


class AuditSignals:
    """Counts audits and writes their events.

    Args:
        meter: Where the instruments are made.
        emit: Writes a log event.
    """

    def __init__(self, meter: Meter, emit: Emit) -> None:
        self._emit = emit
        self._claims = meter.create_counter("guardbind.audit.claims", "{claim}", "Audited claims by verdict.")
        self._audits = meter.create_counter("guardbind.audits", "{audit}", "Audits, those with an error.type included.")
        self._seconds = meter.create_histogram(
            "guardbind.audit.duration", "s", "Time of an audit.", explicit_bucket_boundaries_advisory=_SECONDS
        )

    def __call__(self, record: AuditEvent) -> None:
        """Take one record."""
        if isinstance(record, AuditClaimRecord):
            self._claim(record)
        else:
            self._end(record)

    def _claim(self, record: AuditClaimRecord) -> None:
        known = _labels(record.provenance)
        told: AttributeMap = {"guardbind.verdict": record.verdict, "guardbind.binding": record.binding}
        self._claims.add(1, {**known, **told})
        low = None if record.margin_bits is None else record.margin_bits[0]
        attributes = known_attributes(
            {
                **known,
                **told,
                "gen_ai.evaluation.name": "guardbind.audit",
                "gen_ai.evaluation.score.label": record.verdict,
                "gen_ai.evaluation.score.value": clipped(low),
                "gen_ai.evaluation.explanation": record.reason or None,
                "guardbind.generation": None if record.provenance is None else record.provenance.generation,
                "guardbind.claim": record.claim,
                "guardbind.by_verifier": record.by_verifier,
                "guardbind.differ": record.differ,
                "guardbind.cited": record.cited,
                "guardbind.null": record.null,
                "guardbind.carried_by": record.carried_by,
                "guardbind.claim_text": record.text,
            }
        )
        severity = SeverityNumber.WARN if record.verdict in _WARNED else SeverityNumber.INFO
        self._emit("gen_ai.evaluation.result", severity, attributes)

    def _end(self, record: AuditEndRecord) -> None:
        known = _labels(record.provenance)
        self._audits.add(1, known if record.error is None else {**known, "error.type": record.error})
        self._seconds.record(record.seconds, known)
        attributes = known_attributes(
            {
                **known,
                "guardbind.generation": None if record.provenance is None else record.provenance.generation,
                "guardbind.claims": record.claims,
                "guardbind.spans": record.spans,
                "guardbind.follows": record.follows,
                "guardbind.ok": record.ok,
                "guardbind.verifier_able": record.able,
                "guardbind.verifier_accuracy": record.accuracy,
                "error.type": record.error,
            }
        )
        self._emit("guardbind.audit", SeverityNumber.INFO if record.error is None else SeverityNumber.ERROR, attributes)


def _labels(provenance: Provenance | None) -> AttributeMap:
    return {"gen_ai.request.model": "unknown" if provenance is None else provenance.model}
