"""Records what was seen and done, and hands it to sinks."""

from __future__ import annotations

from guardbind.events.audits import AuditClaimRecord, AuditEndRecord, AuditEvent
from guardbind.events.emit import Emitter, build_sinks
from guardbind.events.guarantees import CertificateRecord, GuaranteeRecord, RuleRecord, guaranteed
from guardbind.events.outside import Bounds, CostRecord, RangesRecord, bounds
from guardbind.events.records import (
    BudgetRecord,
    CandidateRecord,
    Event,
    FinalVerdict,
    GenerationRecord,
    InterventionRecord,
    Provenance,
    SlotRecord,
    Verdict,
)
from guardbind.events.unbound import UnboundValueRecord
from guardbind.events.value_slots import begins_value

__all__ = [
    "AuditClaimRecord",
    "AuditEndRecord",
    "AuditEvent",
    "Bounds",
    "BudgetRecord",
    "CandidateRecord",
    "CertificateRecord",
    "CostRecord",
    "Emitter",
    "Event",
    "FinalVerdict",
    "GenerationRecord",
    "GuaranteeRecord",
    "InterventionRecord",
    "Provenance",
    "RangesRecord",
    "RuleRecord",
    "SlotRecord",
    "UnboundValueRecord",
    "Verdict",
    "begins_value",
    "bounds",
    "build_sinks",
    "guaranteed",
]
