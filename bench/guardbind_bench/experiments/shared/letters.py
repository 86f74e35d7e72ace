"""Sums up answers to lettered options: how often the model abstains, and what its letters tell of the right one."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from guardbind_bench.arrays import Flags
from guardbind_bench.experiments.information.bounds import used
from guardbind_bench.experiments.shared.readings import Readings
from guardbind_bench.experiments.table import Estimate
from guardbind_bench.prompts.tasks.notes_binding import ABSTAIN
from guardbind_bench.stats.statistics import quantity, share

__all__ = ["abstained", "letter_estimates"]

_PERMUTATIONS = 1000


def abstained(stage: pd.Series, text: pd.Series) -> Flags:
    """Return whether answers `[trials]` are Z, by the stage and the text of the best token."""
    # Another spelling of the letter is none on offer, and of stage 2A.
    flags: Flags = (stage.isin(["right", "2B"]) & (text.str.strip() == ABSTAIN)).to_numpy(dtype=bool)
    return flags


def letter_estimates(readings: Readings) -> dict[str, Estimate]:
    """Return the values of the columns `letters`. Without two right letters none is informative."""
    r = readings
    abstains = abstained(r.frame["stage"], r.frame["text"])
    answers = (r.right | r.bound_wrongly) & ~abstains
    values = {
        "acc_baseline": share(r.right),
        "acc_given_answer": share(r.right[answers]),
        "abstain_rate_baseline": share(abstains),
        "other_rate": share(r.gate_failed),
    }
    target, best = r.numbers("target_index"), r.numbers("best_index")
    if len(np.unique(target[r.read])) > 1:
        options, n = int(r.frame["candidates"].max()), int(r.read.sum())
        letters = options - 1
        written = np.where(r.gate_failed, options, best)[r.read].astype(np.int64)
        found = used(
            target[r.read].astype(np.int64),
            written,
            options + 1,
            right=r.right[r.read],
            values=letters,
            prior=math.log(letters),
            permutations=_PERMUTATIONS,
        )
        values["information"] = Estimate(
            value=found.miller_madow, low=found.low, high=found.high, n=n, method="fano, bootstrap"
        )
        values["information_p"] = quantity(found.p, n)
    return values
