"""Defines what every record of a trial has."""

from __future__ import annotations

from guardbind.frozen import Frozen

__all__ = ["TrialRecord"]


class TrialRecord(Frozen):
    """One measurement of one trial, a row of a Parquet file.

    Fields are numbers, strings, flags, None, or lists of them, so that each is one column.
    """

    index: int
    """Which trial of its task and seed."""
    counts: bool = True
    """Whether it counts towards the number of records that was wanted, as a pair that qualifies does."""
    failed: str | None = None
    """Why there is no measurement, such as NaN logits; None when there is one. A failure is kept and counted."""
