"""Holds the bindings, the evidence that supports them, and where both stand in a prompt."""

from __future__ import annotations

from guardbind.evidence.bindings import Binding, Evidence, Target, check_bindings
from guardbind.evidence.locate import EvidenceTable, Located, Mention, locate
from guardbind.evidence.origin import Origin, PlacedOrigin, place_origins
from guardbind.evidence.record import Nesting, Record

__all__ = [
    "Binding",
    "Evidence",
    "EvidenceTable",
    "Located",
    "Mention",
    "Nesting",
    "Origin",
    "PlacedOrigin",
    "Record",
    "Target",
    "check_bindings",
    "locate",
    "place_origins",
]
