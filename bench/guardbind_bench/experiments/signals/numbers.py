"""Takes scores out of the records of `signals`, chooses settings on one split, and rates them on another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from guardbind_bench.arrays import Flags, Floats
from guardbind_bench.experiments.table import Estimate
from guardbind_bench.stats.detection import RankingQuality, detection, judged_at, threshold_at
from guardbind_bench.stats.statistics import mean, quantity, share

__all__ = ["AUTHORS", "CellScores", "chosen", "costs_of", "rated", "shown_settings", "transferred"]

AUTHORS = "{}"
"""The setting in which nothing differs from the defaults."""

ScoreKey = tuple[str, str]
"""A signal and its setting."""


@dataclass(frozen=True, slots=True, eq=False)
class CellScores:
    """The scores of one cell, over the trials whose emitted token is a candidate's.

    Attributes:
        found: Signal and setting to the scores `[trials]`; NaN where there is none.
        refused: Signal and setting to why there is none at all.
        is_wrong: Whether the emitted token is another value than the one asked for `[trials]`.
        costs: Signal and setting to forwards, tokens read and ratio of time `[3, trials]`, over all trials.
        trials: Trials, those included that write no candidate.
    """

    found: Mapping[ScoreKey, Floats]
    refused: Mapping[ScoreKey, str]
    is_wrong: Flags
    costs: Mapping[ScoreKey, Floats]
    trials: int

    @classmethod
    def of(cls, frame: pd.DataFrame) -> CellScores:
        """Read the records of a cell, none of them failed, at least one."""
        first = frame.iloc[0]
        keys = list(zip(map(str, first["signals"]), map(str, first["settings"]), strict=True))
        scores, forwards, tokens, seconds = (
            _table(frame, name) for name in ("scores", "forwards", "tokens_read", "seconds")
        )
        base = np.asarray(frame["base_seconds"], dtype=float)[:, None]
        ratio = 1 + seconds / base
        gated = (frame["stage"] != "2A").to_numpy(dtype=bool)
        refused = {}
        for place, key in enumerate(keys):
            if np.isnan(scores[:, place]).all():
                refused[key] = next((str(row[place]) for row in frame["refused"] if row[place] is not None), "unknown")
        return cls(
            {key: scores[gated, place] for place, key in enumerate(keys) if key not in refused},
            refused,
            (frame["stage"] == "2B").to_numpy(dtype=bool)[gated],
            {key: np.stack([forwards[:, i], tokens[:, i], ratio[:, i]]) for i, key in enumerate(keys)},
            len(frame),
        )

    def cell(self, key: ScoreKey) -> tuple[Floats, Flags] | None:
        """Return the scores of a signal and which trials are errors, without trials that it has no score of."""
        if key not in self.found:
            return None
        known = ~np.isnan(self.found[key])
        return self.found[key][known], self.is_wrong[known]


def _table(frame: pd.DataFrame, name: str) -> Floats:
    table: Floats = np.stack([np.asarray(row, dtype=float) for row in frame[name]])
    return table


def rated(cells: Sequence[CellScores], key: ScoreKey, *, resamples: int = 1000) -> RankingQuality | None:
    """Return how well a signal finds errors, the mean over cells; None where one of them does not have it."""
    told = [cell.cell(key) for cell in cells]
    if any(one is None for one in told):
        return None
    return detection([one for one in told if one is not None], resamples=resamples)


def chosen(cells: Sequence[CellScores]) -> dict[str, tuple[str, float]]:
    """Choose for each signal the setting of largest AUROC, the mean over cells, and return it with that area.

    Of equal ones the first tried is chosen; the defaults are tried first. Cells that lack a signal do not count for it.
    """
    best: dict[str, tuple[str, float]] = {}
    for key in dict.fromkeys(key for cell in cells for key in cell.found):
        found = rated([cell for cell in cells if key in cell.found], key, resamples=1)
        area = None if found is None else found.values.get("auroc")
        if area is not None and (key[0] not in best or area > best[key[0]][1]):
            best[key[0]] = key[1], area
    return best


def shown_settings(known: Iterable[str], best: str | None) -> Iterator[tuple[str, str]]:
    """Yield what is shown of a signal: the name of a setting and the setting, the defaults first."""
    held = list(known)
    if AUTHORS in held:
        yield "authors'" if best not in (None, AUTHORS) else "authors', also tuned" if best else "authors'", AUTHORS
    if best in held and best is not None and best != AUTHORS:
        yield "tuned", best


def costs_of(cells: Sequence[CellScores], key: ScoreKey) -> dict[str, Estimate]:
    """Return what a signal costs beside the unguarded answer."""
    forwards, tokens, ratio = np.concatenate([cell.costs[key] for cell in cells], axis=1)
    return {
        "extra_forwards": mean(forwards),
        "extra_tokens": mean(tokens),
        "seconds_ratio_median": quantity(float(np.nanmedian(ratio)), len(ratio)),
    }


def transferred(source: CellScores, target: CellScores, key: ScoreKey) -> dict[str, Estimate] | None:
    """Return what a threshold finds that was chosen in another cell, at 5 % false alarms; None where there is none."""
    chosen_on, used_on = source.cell(key), target.cell(key)
    if chosen_on is None or used_on is None:
        return None
    recalled, alarmed = judged_at(*used_on, threshold_at(*chosen_on))
    return {"recall": share(recalled), "false_alarms": share(alarmed)}
