"""Answers to lettered options: how often the model abstains, and what its letters tell of the right one."""

from __future__ import annotations

import numpy as np

from guardbind.information import confusion_counts, miller_madow, permutation_null

from ..statistics import quantity, share
from ..tables import Column, Estimate
from . import columns
from .reading_cells import Readings

__all__ = ["LETTER_COLUMNS", "letter_estimates"]

_PERMUTATIONS = 1000

LETTER_COLUMNS: dict[str, Column] = {
    "acc_baseline": columns.share("accuracy", "Trials whose best token is the right letter; Z counts as an answer."),
    "acc_given_answer": columns.share("given an answer", "Right letters among the trials whose best token is A to D."),
    "abstain_rate_baseline": columns.share(
        "Z", "Trials whose best token is Z: the notes do not tell. Right for the twin."
    ),
    "other_rate": columns.share("other", "Trials whose best token is no letter on offer."),
    "information": columns.nats(
        "I(V; V̂)",
        "Information of what is written (A to D, Z, other) about the right letter, over all trials that were "
        "read; Miller-Madow.",
    ),
    "information_p": columns.p("p", "Of no information, by permutation."),
}


def letter_estimates(readings: Readings) -> dict[str, Estimate]:
    """Return the values of `LETTER_COLUMNS`; the last candidate is Z. Without two right letters none is informative."""
    r = readings
    target, best = r.numbers("target_index"), r.numbers("best_index")
    letters = int(r.frame["candidates"].max())
    abstains = (r.right | r.bound_wrongly) & (best == letters - 1)
    answers = (r.right | r.bound_wrongly) & ~abstains
    values = {
        "acc_baseline": share(r.right),
        "acc_given_answer": share(r.right[answers]),
        "abstain_rate_baseline": share(abstains),
        "other_rate": share(r.gate_failed),
    }
    if len(np.unique(target[r.read])) > 1:
        written = np.where(r.gate_failed, letters, best)[r.read].astype(np.int64)
        counts = confusion_counts(target[r.read].astype(np.int64), written, letters + 1)
        null = permutation_null(counts, _PERMUTATIONS, np.random.default_rng(0))
        n = int(r.read.sum())
        values["information"] = quantity(miller_madow(counts), n)
        values["information_p"] = quantity(null.p_value, n)
    return values
