"""Chooses settings on one split, and counts on another what methods repair, spoil and cost."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from guardbind_bench.experiments.table import Estimate
from guardbind_bench.stats.statistics import count, difference, mcnemar, mean, quantity, share

__all__ = ["AUTHORS", "CONTROL", "TUNED", "TunedSetting", "answers_of", "chosen", "collateral_of", "costs_of"]

AUTHORS = "{}"
"""The setting in which nothing differs from the defaults."""
CONTROL = '{"random": true}'
"""The defaults with random heads."""
TUNED = "tuned"


@dataclass(frozen=True, slots=True)
class TunedSetting:
    """What was chosen for one method.

    Attributes:
        best: The setting that is right most often on the split for tuning.
    """

    best: str = AUTHORS

    def settings(self, known: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield what is shown: the name of a setting and the setting, the defaults first."""
        held = set(known)
        if AUTHORS in held:
            yield "authors'" if self.best != AUTHORS else "authors', also tuned", AUTHORS
        if self.best in held and self.best != AUTHORS:
            yield TUNED, self.best
        if CONTROL in held:
            yield "random heads", CONTROL


def chosen(frames: Sequence[pd.DataFrame]) -> dict[str, TunedSetting]:
    """Choose for each method the setting that is right most often over all frames; of equal ones the first tried.

    The defaults are tried first, and random heads are no setting.
    """
    if not frames:
        return {}
    records = pd.concat(frames)
    records = records[records["refused"].isna() & records["failed"].isna() & (records["setting"] != CONTROL)]
    found = {}
    for method, group in records.groupby("method", sort=False):
        right = group.assign(right=group["stage"] == "right").groupby("setting", sort=False)["right"].sum()
        found[str(method)] = TunedSetting(str(right.index[int(np.argmax(right.to_numpy()))]))
    return found


def answers_of(after: pd.DataFrame, before: pd.DataFrame, *, is_plain: bool) -> dict[str, Estimate]:
    """Count the answers of one method at one setting, raw and verified, beside the unguarded ones."""
    stage = after["stage"].to_numpy()
    right, was_right = stage == "right", before["stage"].to_numpy() == "right"
    values = {"accuracy": share(right)}
    if not is_plain:
        spoiled, repaired = int((was_right & ~right).sum()), int((right & ~was_right).sum())
        values |= {
            "delta": difference(right, was_right),
            "wrong_to_right": count(repaired, len(right)),
            "right_to_wrong": count(spoiled, len(right)),
            "mcnemar_p": quantity(mcnemar(spoiled, repaired), len(right)),
        }
    values |= {"rate_2a": share(stage == "2A"), "rate_2b": share(stage == "2B")}
    if not is_plain and after["verified_stage"].notna().any():
        kept = after["verified_stage"].to_numpy() == "right"
        values |= {
            "verified": share(kept),
            "verified_right_to_wrong": count(int((was_right & ~kept).sum()), len(kept)),
        }
    return values


def costs_of(after: pd.DataFrame, before: pd.DataFrame) -> dict[str, Estimate]:
    """Return what a method costs beside the unguarded model; of whole answers nothing is known."""
    if after["seconds"].isna().all():
        return {}
    return {
        "extra_forwards": mean(after["extra_forwards"]),
        "extra_tokens": mean(after["extra_tokens"]),
        "seconds_ratio_median": quantity(float((after["seconds"] / before["seconds"]).median()), len(after)),
    }


def collateral_of(harm: Mapping[str, pd.DataFrame], method: str, setting: str) -> dict[str, Estimate]:
    """Return what a method does where nothing is asked; a method that cannot run there has no numbers."""
    values: dict[str, Estimate] = {}
    for ability, frame in harm.items():
        if frame.empty:
            continue
        own = frame[(frame["method"] == method) & (frame["setting"] == setting) & frame["token"].notna()]
        if own.empty:
            continue
        if ability == "repeat":
            values["repeated"] = share((own["stage"] == "right").to_numpy())
        else:
            nats = mean(-own["logprob"].to_numpy())
            values["perplexity"] = Estimate(
                value=_exp(nats.value), low=_exp(nats.low), high=_exp(nats.high), n=nats.n, method=nats.method
            )
    return values


def _exp(nats: float | None) -> float | None:
    return None if nats is None else math.exp(nats)
