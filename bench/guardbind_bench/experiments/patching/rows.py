"""Sums up patched pairs: how many there are, and the effects by site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from guardbind_bench.arrays import Flags, Floats, Indices
from guardbind_bench.experiments.table import Estimate, RowKey, TableRow
from guardbind_bench.stats.statistics import count, difference, mean, ratio_of_means, share

__all__ = ["PatchSite", "PatchedPairs", "pair_row", "site_rows"]

PatchSite = tuple[str, int, str, int]
"""Position, layer, component, head (-1 for a whole component)."""

_MARGINS = ("m_patched", "m_random", "m_zero", "m_mean", "m_clean_ablated")
# As in the paper; what is smaller is no gap at all.
_PUBLISHED_MINIMUM = 1e-6
_PUBLISHED_EPSILON = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class PatchedPairs:
    """The pairs of a cell that qualify.

    Attributes:
        indices: Trial indices `[pairs]`.
        clean: Margins of the clean runs `[pairs]`, logits.
        corrupt: Margins of the corrupt runs `[pairs]`.
        sites: What was patched.
        margins: Margins under each kind of patch `[pairs, sites]`.
        smallest: Least gap, in logits, of a pair that enters a ratio of means.
    """

    indices: Indices
    clean: Floats
    corrupt: Floats
    sites: tuple[PatchSite, ...]
    margins: dict[str, Floats]
    smallest: float

    @classmethod
    def of(cls, frame: pd.DataFrame, smallest: float) -> PatchedPairs | None:
        """Take the pairs that qualify; None where there is none."""
        frame = frame[frame["counts"]]
        if frame.empty:
            return None
        first = frame.iloc[0]
        where = zip(*(first[name] for name in ("positions", "layers", "components", "heads")), strict=True)
        return cls(
            frame["index"].to_numpy(dtype=np.int64),
            frame["m_clean"].to_numpy(dtype=float),
            frame["m_corrupt"].to_numpy(dtype=float),
            tuple((str(position), int(layer), str(part), int(head)) for position, layer, part, head in where),
            {name: np.array([list(row) for row in frame[name]], dtype=float) for name in _MARGINS},
            smallest,
        )

    @property
    def gap(self) -> Floats:
        """Clean minus corrupt margin `[pairs]`."""
        return self.clean - self.corrupt

    @property
    def kept(self) -> Flags:
        """Which pairs enter the ratios of means `[pairs]`."""
        return self.gap >= self.smallest

    def half(self, odd: bool) -> PatchedPairs:
        """Return the pairs of odd, or of even, trial index."""
        chosen = self.indices % 2 == int(odd)
        margins = {name: values[chosen] for name, values in self.margins.items()}
        return PatchedPairs(
            self.indices[chosen], self.clean[chosen], self.corrupt[chosen], self.sites, margins, self.smallest
        )

    def delta(self, name: str, site: int) -> Floats:
        """Return what a patch changes `[pairs]`, in logits, against the run that it is made in."""
        before = self.clean if name == "m_clean_ablated" else self.corrupt
        return self.margins[name][:, site] - before

    def effects(self, site: int) -> dict[str, Estimate]:
        """Return what is done to the margin by patching a site."""
        patched, random, zero, average, clean = (self.delta(name, site) for name in _MARGINS)
        kept = self.kept
        return {
            "delta_margin": mean(patched),
            "random_delta_margin": mean(random),
            "delta_margin_above_random": difference(patched, random),
            "ablation_delta_margin": mean(zero),
            "mean_ablation_delta_margin": mean(average),
            "clean_ablation_delta_margin": mean(clean),
            "restoration_ratio_of_means": ratio_of_means(patched[kept], self.gap[kept]),
            "random_ratio_of_means": ratio_of_means(random[kept], self.gap[kept]),
        }


def pair_row(frame: pd.DataFrame, keys: dict[str, RowKey], notes: tuple[str, ...]) -> TableRow:
    """Say how many pairs were tried, how they were answered, how many qualify and why others failed."""
    failed = frame["failed"].notna()
    reasons = frame.loc[failed, "failed"].value_counts(sort=False)
    failures = tuple(f"{number} of {len(frame)} pairs failed: {reason}." for reason, number in reasons.items())
    read = frame[~failed]
    qualified = frame[frame["counts"]]
    stages = read["corrupt_stage"]
    return TableRow(
        table="patching_pairs",
        keys=keys,
        values={
            "qualified": share(read["counts"].to_numpy(dtype=bool)),
            "clean_right": share((read["clean_stage"] == "right").to_numpy()),
            "corrupt_right": share((stages == "right").to_numpy()),
            "corrupt_2a": share((stages == "2A").to_numpy()),
            "corrupt_2b": share((stages == "2B").to_numpy()),
            "m_clean": mean(qualified["m_clean"].to_numpy(dtype=float)),
            "m_corrupt": mean(qualified["m_corrupt"].to_numpy(dtype=float)),
            "failed": count(int(failed.sum()), len(frame)),
        },
        notes=(*notes, *failures),
    )


def site_rows(pairs: PatchedPairs, keys: dict[str, RowKey]) -> Iterator[TableRow]:
    """Say for each layer and component what is restored."""
    published = np.abs(pairs.gap) >= _PUBLISHED_MINIMUM
    for i, (position, layer, component, _) in enumerate(pairs.sites):
        if component == "head":
            continue
        ratios = pairs.delta("m_patched", i)[published] / (pairs.gap[published] + _PUBLISHED_EPSILON)
        values = {
            "restoration": mean(ratios),
            **pairs.effects(i),
            "pairs": count(int(pairs.kept.sum()), len(pairs.gap)),
            "dropped": count(int((~pairs.kept).sum()), len(pairs.gap)),
        }
        yield TableRow(
            table="patching",
            keys={**keys, "position": position, "layer": layer, "component": component},
            values=values,
        )
