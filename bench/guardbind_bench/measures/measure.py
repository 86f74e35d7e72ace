"""Defines the `Measure` protocol: what turns the trials of a cell into records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.trial_record import TrialRecord
from guardbind_bench.prompts.cell import BenchCell

__all__ = ["Measure", "Session"]


class Session(Protocol):
    """A measure, ready for the trials of one cell."""

    @property
    def tokens(self) -> int:
        """Tokens that one trial feeds to the model at once, by which trials are put into batches."""
        ...

    def run(self, indices: Sequence[int]) -> Sequence[TrialRecord]:
        """Measure some trials as one batch.

        Args:
            indices: Trials of the cell, in ascending order.

        Returns:
            The records, at least one for each trial. The same indices give the same records.
        """
        ...


class Measure(Protocol):
    """Turns trials into records; registered in `MEASURES`."""

    name: str
    version: int
    """Raised when the same trial would give another record."""

    @property
    def record(self) -> type[TrialRecord]:
        """What the records are."""
        ...

    def prepare(self, lab: Lab, cell: BenchCell) -> Session:
        """Make ready for a cell; nothing of the model is changed while no batch runs.

        Raises:
            GuardbindError: The cell cannot be measured on this model, and why; the runner notes it and goes on.
        """
        ...
