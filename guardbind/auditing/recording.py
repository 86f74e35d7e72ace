"""Hands what an audit found to sinks: a record per claim, and one at its end."""

from __future__ import annotations

import math
import time
import uuid
from importlib.metadata import version

from guardbind._version import __version__
from guardbind.auditing.judged import JudgedClaim, RangeRecord
from guardbind.auditing.report import AuditReport, VerifierRecord
from guardbind.auditing.settings import AuditConfig
from guardbind.backends import Backend
from guardbind.events import AuditClaimRecord, AuditEndRecord, Bounds, CostRecord, Emitter, Provenance
from guardbind.events.emit import build_sinks

__all__ = ["AuditRecorder"]

_NO_MODEL = "none"


class AuditRecorder:
    """Makes the records of one audit.

    Args:
        config: The settings; their sinks are built here.
        verifier: The backend that judges; None without one.

    Raises:
        UnknownNameError: A sink is not registered.
        ConfigError: A sink cannot use its argument.
    """

    def __init__(self, config: AuditConfig, verifier: Backend | None) -> None:
        self._config = config
        self._emitter = Emitter(build_sinks(config.sinks), capture_text=config.capture_text)
        self._began = time.perf_counter()
        self._verdicts: dict[str, int] = {}
        self._spans = 0
        self._checked: VerifierRecord | None = None
        self._provenance = Provenance(
            guardbind=__version__,
            transformers=version("transformers"),
            torch=version("torch"),
            model=_NO_MODEL if verifier is None else verifier.model,
            dtype="unknown",
            attention="unknown" if verifier is None else f"unknown ({verifier.name})",
            template_sha256=None,
            seed=config.seed,
            generation=uuid.uuid4().hex,
            started=time.time(),
        )

    def began(self, spans: int, checked: VerifierRecord | None) -> None:
        """Note what is known before the first claim is judged, for the end of an audit that raises."""
        self._spans, self._checked = spans, checked

    def claim(self, judged: JudgedClaim) -> None:
        """Hand on a claim as soon as it is judged, so that what ends the audit later takes it not away."""
        self._verdicts[judged.verdict] = self._verdicts.get(judged.verdict, 0) + 1
        self._emitter.emit(_claim(judged, self._provenance))

    def end(self, report: AuditReport) -> None:
        """Hand on the end."""
        checked, cost = report.verifier, report.cost
        self._emitter.emit(
            AuditEndRecord(
                claims=len(report.claims),
                verdicts={str(verdict): count for verdict, count in report.counts.items()},
                spans=len(report.spans),
                follows=report.answer.follows,
                ok=report.ok,
                able=None if checked is None else checked.able,
                accuracy=None if checked is None else checked.accuracy,
                seconds=time.perf_counter() - self._began,
                error=None if report.stopped is None else report.stopped.partition(":")[0],
                settings=self._config.changed(),
                cost=CostRecord(**cost.model_dump()),
                provenance=self._provenance,
            )
        )

    def failed(self, error: BaseException) -> None:
        """Hand on the end of an audit that raised."""
        self._emitter.emit(
            AuditEndRecord(
                claims=sum(self._verdicts.values()),
                verdicts=dict(self._verdicts),
                spans=self._spans,
                follows=None,
                ok=False,
                able=None if self._checked is None else self._checked.able,
                accuracy=None if self._checked is None else self._checked.accuracy,
                seconds=time.perf_counter() - self._began,
                error=type(error).__name__,
                settings=self._config.changed(),
                provenance=self._provenance,
            )
        )


def _claim(judged: JudgedClaim, provenance: Provenance) -> AuditClaimRecord:
    reading = judged.reading
    worst = None if reading is None else reading.worst_budget
    return AuditClaimRecord(
        claim=judged.claim.id,
        verdict=judged.verdict,
        by_verifier=judged.by_verifier,
        binding="none" if judged.binding is None else judged.binding.state,
        differ=judged.differ,
        cited=len(judged.claim.citations),
        unknown=len(judged.claim.unknown),
        tested=len(judged.tested),
        tau=None if reading is None else reading.tau,
        null=None if worst is None else worst.null,
        p1=None if reading is None else _bounds(reading.p1),
        p0=None if reading is None else _bounds(reading.p0),
        observed_bits=None if worst is None else _bounds(worst.observed_bits),
        margin_bits=None if worst is None else _bounds(worst.margin_bits),
        carried_by=None if reading is None else reading.carried_by,
        text=judged.claim.text,
        reason=judged.reason,
        provenance=provenance,
    )


def _bounds(record: RangeRecord) -> Bounds:
    low, high = record.low, record.high
    return low if math.isfinite(low) else None, high if math.isfinite(high) else None
