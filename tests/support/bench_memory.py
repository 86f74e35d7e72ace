"""Records in memory, as the experiments of the bench get them from a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pandas as pd

from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.trial_record import TrialRecord
from guardbind_bench.prompts.cell import CellRequest
from guardbind_bench.registry import MEASURES

__all__ = ["MemoryData", "SameRecords", "frame_of", "measure"]


@dataclass
class MemoryData:
    """What was measured, or why not, by the request's text."""

    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    model: str = "tiny"

    def frame(self, request: CellRequest) -> pd.DataFrame:
        return self.frames.get(request.model_dump_json(), pd.DataFrame())

    def refusal(self, request: CellRequest) -> str | None:
        return self.refusals.get(request.model_dump_json())


@dataclass
class SameRecords:
    """The same records for every request, or the same refusal."""

    records: Sequence[TrialRecord]
    refused: str | None = None
    model: str = "tiny"

    def frame(self, request: CellRequest) -> pd.DataFrame:
        return frame_of(self.records)

    def refusal(self, request: CellRequest) -> str | None:
        return self.refused


def frame_of(records: Iterable[TrialRecord]) -> pd.DataFrame:
    """Return records as a run gives them back."""
    return pd.DataFrame([record.model_dump() for record in records])


def measure(lab: Lab, request: CellRequest, batch: int = 16) -> pd.DataFrame:
    """Measure a request on the spot."""
    session = MEASURES.get(request.cell.measure).prepare(lab, request.cell)
    indices = range(request.first, request.first + request.trials)
    records = [record for i in range(0, len(indices), batch) for record in session.run(indices[i : i + batch])]
    return frame_of(records)
