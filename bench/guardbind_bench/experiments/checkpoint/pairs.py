"""Compares one checkpoint arm with the baseline, trial by trial."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from guardbind_bench.arrays import Flags
from guardbind_bench.experiments.shared.letters import abstained
from guardbind_bench.experiments.table import Estimate
from guardbind_bench.stats.statistics import count, difference, mcnemar, mean, quantity, ratio_of_means, share

__all__ = ["abstentions", "compare", "holm", "pair", "written"]


def pair(baseline: pd.DataFrame, arm: pd.DataFrame) -> pd.DataFrame:
    """Join the readings of equal trials.

    Args:
        baseline: Records of the baseline.
        arm: Records of the arm; `ReadingRecord` or a record that extends it.

    Returns:
        One row per trial that neither side failed to read, columns of both with `_baseline` and `_checkpoint` behind
        their names.
    """
    sides = [frame[frame["failed"].isna()] if len(frame) else pd.DataFrame({"index": []}) for frame in (baseline, arm)]
    return sides[0].merge(sides[1], on="index", suffixes=("_baseline", "_checkpoint"))


def compare(pairs: pd.DataFrame) -> dict[str, Estimate]:
    """Return all columns of a comparison but the corrected p; none without pairs.

    Args:
        pairs: As `pair` returns them.
    """
    if pairs.empty:
        return {}
    values: dict[str, Estimate] = {}
    n = len(pairs)
    for side in ("baseline", "checkpoint"):
        stage = pairs[f"stage_{side}"]
        values[f"acc_{side}"] = share(_right(pairs, side))
        values[f"cand_acc_{side}"] = share(_gated(pairs, side))
        values[f"rate_2a_{side}"] = share((stage == "2A").to_numpy(bool))
        values[f"rate_2b_{side}"] = share((stage == "2B").to_numpy(bool))
        for gap in ("gate_gap", "value_gap"):
            values[f"{gap}_{side}"] = mean(pairs[f"{gap}_{side}"])
    before, after = _right(pairs, "baseline"), _right(pairs, "checkpoint")
    values["delta_acc"] = difference(after, before)
    values["delta_cand_acc"] = difference(_gated(pairs, "checkpoint"), _gated(pairs, "baseline"))
    for gap in ("gate_gap", "value_gap"):
        values[f"delta_{gap}"] = difference(pairs[f"{gap}_checkpoint"], pairs[f"{gap}_baseline"])
    broken, repaired = int((before & ~after).sum()), int((~before & after).sum())
    values["right_to_wrong"], values["wrong_to_right"] = count(broken, n), count(repaired, n)
    values["mcnemar_p"] = quantity(mcnemar(broken, repaired), n)
    added = pairs["prompt_tokens_checkpoint"] - pairs["prompt_tokens_baseline"]
    values["added_tokens"] = quantity(float(added.mean()), n)
    return values


def abstentions(pairs: pd.DataFrame) -> dict[str, Estimate]:
    """Return how often the answer is the letter that says that the notes do not tell; none without pairs.

    Args:
        pairs: As `pair` returns them, of a task with lettered options.
    """
    if pairs.empty:
        return {}
    sides = ("baseline", "checkpoint")
    return {f"abstain_rate_{side}": share(abstained(pairs[f"stage_{side}"], pairs[f"text_{side}"])) for side in sides}


def written(pairs: pd.DataFrame) -> dict[str, Estimate]:
    """Return what the model wrote into the checkpoints, and how it answered behind right and wrong ones.

    Args:
        pairs: As `pair` returns them, of `SelfCheckpointRecord`.
    """
    if pairs.empty:
        return {}
    kept = (pairs["target_right"] == pairs["checkpoints"]).to_numpy(bool)
    values = {
        "value_errors": ratio_of_means(pairs["values"] - pairs["values_right"], pairs["values"]),
        "values_outside": ratio_of_means(pairs["values_outside"], pairs["values"]),
        "all_right": share(kept),
    }
    for name, chosen in (("right", pairs[kept]), ("wrong", pairs[~kept])):
        values[f"acc_given_{name}"] = share(_right(chosen, "checkpoint"))
        values[f"acc_baseline_given_{name}"] = share(_right(chosen, "baseline"))
    return values


def holm(p: Sequence[float]) -> list[float]:
    """Return p values corrected by Holm's step-down method, in the order given.

    The chance of any false find among them stays below the level.
    """
    ordered = np.argsort(p, kind="stable")
    factors = np.arange(len(p), 0, -1)
    corrected = np.empty(len(p))
    corrected[ordered] = np.minimum(1.0, np.maximum.accumulate(np.asarray(p, dtype=float)[ordered] * factors))
    return [float(value) for value in corrected]


def _right(pairs: pd.DataFrame, side: str) -> Flags:
    return np.asarray(pairs[f"stage_{side}"] == "right", dtype=bool)


def _gated(pairs: pd.DataFrame, side: str) -> Flags:
    return np.asarray(pairs[f"best_index_{side}"] == pairs[f"target_index_{side}"], dtype=bool)
