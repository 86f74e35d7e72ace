"""Records what was seen and done, and hands it to sinks."""

from __future__ import annotations

from guardbind.events.emit import Emitter, build_sinks
from guardbind.events.records import (
    BudgetRecord,
    CandidateRecord,
    Event,
    InterventionRecord,
    Provenance,
    SlotRecord,
    Verdict,
)

__all__ = [
    "BudgetRecord",
    "CandidateRecord",
    "Emitter",
    "Event",
    "InterventionRecord",
    "Provenance",
    "SlotRecord",
    "Verdict",
    "build_sinks",
]
