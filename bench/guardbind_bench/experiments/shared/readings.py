"""Counts right and wrong answers by stage, from the records of the measure `reading`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from guardbind_bench.arrays import Flags, Floats
from guardbind_bench.experiments.table import Estimate
from guardbind_bench.stats.statistics import count, mean, quantity, share

__all__ = ["READING_KEYS", "Readings", "stage_estimates"]

READING_KEYS = ("task", "filler", "k", "style", "layout", "asked", "template")
"""What tells cells of the measure `reading` apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Records of the measure `reading`, one per trial. A failed one is neither right nor of a stage.

    Attributes:
        frame: The records; not empty.
        read: Which did not fail.
        right: The best token is the target's.
        gate_failed: It is no candidate's: an error of stage 2A.
        bound_wrongly: It is another candidate's: an error of stage 2B.
    """

    frame: pd.DataFrame
    read: Flags
    right: Flags
    gate_failed: Flags
    bound_wrongly: Flags

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Readings:
        """Take the records."""
        stage = frame["stage"].to_numpy(dtype=object)
        return cls(
            frame, frame["failed"].isna().to_numpy(dtype=bool), *(stage == name for name in ("right", "2A", "2B"))
        )

    @property
    def wrong(self) -> Flags:
        """The best token is not the target's; a failed reading has none."""
        return self.gate_failed | self.bound_wrongly

    def numbers(self, column: str) -> Floats:
        """Return a column; NaN where there is no number."""
        numbers: Floats = pd.to_numeric(self.frame[column]).to_numpy(dtype=np.float64, na_value=np.nan)
        return numbers

    def says(self, column: str, value: str) -> Flags:
        """Return where a column holds a word."""
        found: Flags = self.frame[column].to_numpy(dtype=object) == value
        return found

    def common(self, among: Flags, most: int = 5) -> str:
        """Return the most frequent best tokens of some trials, with how often each was best."""
        texts = self.frame.loc[among, "text"].value_counts()
        ordered = sorted(texts.items(), key=lambda pair: (-pair[1], str(pair[0])))
        return ", ".join(f"{text!r} {times}" for text, times in ordered[:most])


def stage_estimates(readings: Readings) -> tuple[dict[str, Estimate], tuple[str, ...]]:
    """Return the values of the columns `reading`, and the most frequent wrong tokens as notes.

    Failed readings count against every share of trials; shares of errors are over errors that were read, and means over
    the readings that have the number.
    """
    r = readings
    n = len(r.frame)
    gate_open = r.right | r.bound_wrongly
    best_is_target = r.numbers("best_index") == r.numbers("target_index")
    runner_up = r.numbers("second_index") == r.numbers("target_index")
    values = {
        "n": count(n, n),
        "failed": count(int((~r.read).sum()), n),
        "acc": share(r.right),
        "cand_acc": share(best_is_target),
        "cand_acc_given_gate": share(best_is_target[gate_open]),
        "p_gate": share(gate_open),
        "rate_2a": share(r.gate_failed),
        "rate_2b": share(r.bound_wrongly),
        "error_share_2a": share(r.gate_failed[r.wrong]),
        "error_share_2b": share(r.bound_wrongly[r.wrong]),
        "gate_gap_mean": mean(r.numbers("gate_gap")),
        "value_gap_mean": mean(r.numbers("value_gap")),
        "gate_gap_spelled_mean": mean(r.numbers("spelled_gate_gap")),
        "value_gap_spelled_mean": mean(r.numbers("spelled_value_gap")),
        **{
            f"{kind}_share": share(r.says("wrong", kind)[r.wrong])
            for kind in ("competitor", "bound", "unseen", "variant", "other")
        },
        "runner_up": share(runner_up[r.bound_wrongly]),
        "ties": count(int(r.frame["tie"].eq(True).sum()), n),
        "acc_spelled": share(r.says("spelled_stage", "right")),
        "rate_2a_spelled": share(r.says("spelled_stage", "2A")),
        "acc_bound": share(r.says("bound_stage", "right")),
        "cand_acc_bound": _above(r.numbers("bound_value_gap"), ~r.read),
        "distance": quantity(float(r.numbers("distance").mean()), n),
    }
    kinds = (("2A", r.gate_failed), ("2B", r.bound_wrongly))
    return values, tuple(f"most frequent {name} tokens: {r.common(among)}" for name, among in kinds if among.any())


def _above(gaps: Floats, failed: Flags) -> Estimate:
    """Return the share of gaps above 0, over what has a gap or failed; no value where nothing has one."""
    known = ~np.isnan(gaps)
    return share((gaps > 0)[known | failed if known.any() else known])
