"""Answers to lettered options: how often the model abstains, and what its letters tell of the right one."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from guardbind_bench.experiments.information.bounds import used
from guardbind_bench.experiments.shared import columns
from guardbind_bench.experiments.shared.reading_cells import Flags, Readings
from guardbind_bench.experiments.table import Column, Estimate
from guardbind_bench.prompts.tasks.notes_binding import ABSTAIN
from guardbind_bench.stats.statistics import quantity, share

__all__ = ["LETTER_COLUMNS", "abstained", "letter_estimates"]

_PERMUTATIONS = 1000

LETTER_COLUMNS: dict[str, Column] = {
    "acc_baseline": columns.share("accuracy", "Trials whose best token is the target's, baseline."),
    "acc_given_answer": columns.share("given an answer", "Right letters among the trials whose best token is A to D."),
    "abstain_rate_baseline": columns.share(
        "Z", "Trials whose best token is Z: the notes do not tell. Right for the twin, else an error."
    ),
    "other_rate": columns.share("other", "Trials whose best token is no letter on offer."),
    "information": columns.nats(
        "I(V; V̂)",
        "Information of what is written (A to D, Z, other) about the right letter, over all trials that were "
        "read; of letters, as the places change with each trial: at most ln 4 = 1.386. Miller-Madow; low end Fano on "
        "the upper limit of the error, high end the upper bootstrap limit of ln 4 - H(V|V̂).",
    ),
    "information_p": columns.p("p", "Of no information, by permutation."),
}


def abstained(stage: pd.Series, text: pd.Series) -> Flags:
    """Return whether answers `[trials]` are Z, by the stage and the text of the best token."""
    # Another spelling of the letter is none on offer, and of stage 2A.
    flags: Flags = (stage.isin(["right", "2B"]) & (text.str.strip() == ABSTAIN)).to_numpy(dtype=bool)
    return flags


def letter_estimates(readings: Readings) -> dict[str, Estimate]:
    """Return the values of `LETTER_COLUMNS`. Without two right letters none is informative."""
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
