"""Holds what was measured of the cost of a guard: a cell, its parts, and all of them with what they were run on."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from guardbind.events import Provenance
from guardbind.frozen import Frozen
from guardbind_bench.cost.cell import CostCell

__all__ = ["COST_VERSION", "CellCost", "CellCostRecord", "CostRatio", "PartCost", "PeerCost"]

COST_VERSION = 1
"""Version of the record."""


class CostRatio(Frozen):
    """A ratio of two times of one pair, over all pairs."""

    median: float
    """Median of the pairs."""
    low: float
    """Lowest of the pairs."""
    high: float
    """Highest of the pairs."""
    pairs: int
    """How many there are."""

    @classmethod
    def of(cls, ratios: Sequence[float]) -> CostRatio:
        """Sum up some ratios, at least one."""
        return cls(median=statistics.median(ratios), low=min(ratios), high=max(ratios), pairs=len(ratios))


class PartCost(Frozen):
    """What one part of a guarded call took, less what other parts inside it took."""

    part: str
    """Its name."""
    calls: int
    """How often it ran in one call."""
    steps: CostRatio
    """Its time in decode steps of the same repeat."""
    forwards: int
    """Forward passes that it ran."""
    tokens: int
    """Tokens that those were given, padding included."""


class CellCost(Frozen):
    """What one cell took, guarded and unguarded, its prompt read beforehand for both."""

    cell: CostCell
    """What was measured."""
    refused: str | None = None
    """Why it could not be measured; all that follows is then empty."""
    provenance: Provenance | None = None
    """What it was run on."""
    answer_tokens: int = 0
    """Tokens of each row's answer, the same in both arms."""
    slots: int = 0
    """Slots that were judged."""
    repaired: int = 0
    """Slots at which something was done and kept."""
    as_asked: bool = True
    """Whether enough statements were found that the unguarded model gives rightly, or wrongly, as asked."""
    ratio: CostRatio | None = None
    """Time of the guarded answer over that of the unguarded one."""
    whole: CostRatio | None = None
    """The same with the time of reading the prompt once added to both."""
    extra_steps: CostRatio | None = None
    """What the guarded answer took longer, in decode steps of the whole batch at that context."""
    attach: CostRatio | None = None
    """A new guard that attaches to the model, tries its null and is detached, in decode steps."""
    step_seconds: float = 0.0
    """Median time of a decode step; of this machine in this run, and comparable to no other."""
    forwards: tuple[int, int] = (0, 0)
    """Forward passes of the unguarded and of the guarded answer."""
    tokens: tuple[int, int] = (0, 0)
    """Tokens that those were given, padding included."""
    cache_bytes: int = 0
    """Size of the live cache at the end of the prompt."""
    peak_bytes: tuple[int, int] | None = None
    """Peak of what the unguarded and the guarded answer allocate; None where it was not measured."""
    parts: tuple[PartCost, ...] = ()
    """Where the time of the guarded answer goes."""

    @property
    def memory(self) -> float | None:
        """Live cache and what the guard holds on top of an unguarded answer at its peak, over the live cache."""
        if self.peak_bytes is None or not self.cache_bytes:
            return None
        return 1 + max(0, self.peak_bytes[1] - self.peak_bytes[0]) / self.cache_bytes


class PeerCost(Frozen):
    """What one way to answer took, over answering the same prompts unguarded in the same run; prompts are read anew."""

    peer: str
    """The way."""
    repairs: bool
    """Whether it may write another value than the unguarded model."""
    right: int
    """Answers that begin with the value that was asked for, of `prompts`; 0 where nothing is written."""
    prompts: int
    """How many prompts."""
    ratio: CostRatio
    """Time over that of its reference: the unguarded answer, or for `stages` the published way."""
    forwards: float
    """Forward passes per prompt, mean."""
    tokens: float
    """Tokens that those were given per prompt, padding included, mean."""


class CellCostRecord(Frozen):
    """All cells of one run."""

    schema_version: int = COST_VERSION
    """Version of the record."""
    command: str
    """What was typed."""
    device: str
    """Type of the device."""
    threads: int
    """Threads of torch."""
    cells: tuple[CellCost, ...]
    """What was measured, in the order of the plan."""
    peers: tuple[PeerCost, ...] = ()
    """What other ways took beside the guard; empty where they were not run."""
