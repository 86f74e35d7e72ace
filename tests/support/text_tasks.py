"""Names the text tasks by what they are: those drawn by `DraftTask`, and those with two sets of wordings."""

from __future__ import annotations

from guardbind_bench.prompts.harm.building import is_worded
from guardbind_bench.registry import TEXT_TASKS

__all__ = ["DRAFTED", "WORDED"]

WORDED = [name for name in TEXT_TASKS if is_worded(name)]
DRAFTED = [name for name in TEXT_TASKS if name not in WORDED]
