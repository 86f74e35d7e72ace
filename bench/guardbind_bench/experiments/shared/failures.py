"""Leaves out the trials of the guard whose measurement failed."""

from __future__ import annotations

import pandas as pd

__all__ = ["without_failures"]


def without_failures(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the records of the trials that did not fail, and a note about the others."""
    failed = frame.loc[frame["failed"].notna(), "index"].unique()
    if not len(failed):
        return frame, []
    note = f"{len(failed)} of {frame['index'].nunique()} trials are left out: their measurement failed."
    return frame[~frame["index"].isin(failed)], [note]
