"""What patched pairs say: effects by site, and heads chosen on one half and tested on the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..statistics import count, difference, mean, ratio_of_means, share
from ..tables import Estimate, Key, Row

__all__ = ["Patched", "head_rows", "pair_row", "site_rows"]

Floats = NDArray[np.float64]
Site = tuple[str, int, str, int]
"""Position, layer, component, head (-1 for a whole component)."""

_MARGINS = ("m_patched", "m_random", "m_zero", "m_mean", "m_clean_ablated")
# As in the paper; what is smaller is no gap at all.
_PUBLISHED_MINIMUM = 1e-6
_PUBLISHED_EPSILON = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Patched:
    """The pairs of a cell that qualify.

    Attributes:
        indices: Trial indices `[pairs]`.
        clean: Margins of the clean runs `[pairs]`, logits.
        corrupt: Margins of the corrupt runs `[pairs]`.
        sites: What was patched.
        margins: Margins under each kind of patch `[pairs, sites]`.
        smallest: Least gap, in logits, of a pair that enters a ratio of means.
    """

    indices: NDArray[np.int64]
    clean: Floats
    corrupt: Floats
    sites: tuple[Site, ...]
    margins: dict[str, Floats]
    smallest: float

    @classmethod
    def of(cls, frame: pd.DataFrame, smallest: float) -> Patched | None:
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
    def kept(self) -> NDArray[np.bool_]:
        """Which pairs enter the ratios of means `[pairs]`."""
        return self.gap >= self.smallest

    def half(self, odd: bool) -> Patched:
        """Return the pairs of odd, or of even, trial index."""
        chosen = self.indices % 2 == int(odd)
        margins = {name: values[chosen] for name, values in self.margins.items()}
        return Patched(
            self.indices[chosen], self.clean[chosen], self.corrupt[chosen], self.sites, margins, self.smallest
        )

    def delta(self, name: str, site: int) -> Floats:
        """Return what a patch changes `[pairs]`, in logits, against the run that it is made in."""
        before = self.clean if name == "m_clean_ablated" else self.corrupt
        return self.margins[name][:, site] - before

    def effects(self, *sites: int) -> dict[str, Estimate]:
        """Return what is done to the margin by patching a site; of several, by one of them on average."""
        patched, random, zero, average, clean = (
            np.mean([self.delta(name, site) for site in sites], axis=0) for name in _MARGINS
        )
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


def pair_row(frame: pd.DataFrame, keys: dict[str, Key], notes: tuple[str, ...]) -> Row:
    """Say how many pairs were tried, how they were answered, and how many qualify."""
    failed = frame["failed"].notna()
    read = frame[~failed]
    qualified = frame[frame["counts"]]
    stages = read["corrupt_stage"]
    return Row(
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
        notes=notes,
    )


def site_rows(pairs: Patched, keys: dict[str, Key]) -> Iterator[Row]:
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
        yield Row(
            table="patching",
            keys={**keys, "position": position, "layer": layer, "component": component},
            values=values,
        )


def head_rows(pairs: Patched, keys: dict[str, Key], number: int, seed: int) -> Iterator[Row]:
    """Choose the heads that restore most on the pairs of even index, and test them on those of odd index.

    Beside each stands a random head that was not chosen, of the same layer where there is one; the last row of a
    position compares all chosen heads with all of these.
    """
    choosing, testing = pairs.half(odd=False), pairs.half(odd=True)
    if not len(choosing.indices) or not len(testing.indices):
        return
    for position in dict.fromkeys(site[0] for site in pairs.sites):
        heads = [i for i, site in enumerate(pairs.sites) if site[0] == position and site[2] == "head"]
        strength = {i: float(choosing.delta("m_patched", i).mean()) for i in heads}
        chosen = sorted(heads, key=lambda i: -strength[i])[: min(number, len(heads) // 2)]
        if not chosen:
            continue
        controls = _controls(pairs.sites, heads, chosen, Random(seed))
        for role, members in (("chosen", chosen), ("random", controls)):
            for i in members:
                _, layer, _, head = pairs.sites[i]
                yield Row(
                    table="patching_heads",
                    keys={**keys, "position": position, "layer": layer, "head": head, "role": role},
                    values={"chosen_delta_margin": mean(choosing.delta("m_patched", i)), **testing.effects(i)},
                )
        yield Row(
            table="patching_heads",
            keys={**keys, "position": position, "layer": None, "head": None, "role": "chosen minus random"},
            values=_contrast(testing, chosen, controls),
            notes=(f"Mean over {len(chosen)} heads each, paired by prompt; {len(testing.indices)} pairs.",),
        )


def _controls(sites: tuple[Site, ...], heads: list[int], chosen: list[int], rng: Random) -> list[int]:
    free = [i for i in heads if i not in chosen]
    controls = []
    for i in chosen:
        beside = [j for j in free if sites[j][1] == sites[i][1]]
        controls.append(rng.choice(beside or free))
        free.remove(controls[-1])
    return controls


def _contrast(pairs: Patched, chosen: list[int], controls: list[int]) -> dict[str, Estimate]:
    names = {
        "delta_margin": "m_patched",
        "random_delta_margin": "m_random",
        "ablation_delta_margin": "m_zero",
        "mean_ablation_delta_margin": "m_mean",
        "clean_ablation_delta_margin": "m_clean_ablated",
    }
    return {
        column: difference(*(np.mean([pairs.delta(name, i) for i in group], axis=0) for group in (chosen, controls)))
        for column, name in names.items()
    }
