"""The cells of the measure `reading` that an experiment is run over, and what their records say by stage."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.experiments.options import check_names, read_options
from guardbind_bench.experiments.shared import columns
from guardbind_bench.experiments.shared.forms import FormOptions
from guardbind_bench.experiments.table import Column, Estimate, Key
from guardbind_bench.prompts.cell import Cell, Form, Layout, Request, Style
from guardbind_bench.stats.statistics import count, mean, quantity, share

__all__ = ["STAGE_COLUMNS", "ReadingOptions", "Readings", "keys_of", "reading_requests", "stage_estimates"]

Flags = NDArray[np.bool_]


class ReadingOptions(FormOptions):
    """How the prompts are written."""

    styles: tuple[Style, ...] = Field(default=("bracket",), min_length=1)
    """`KEY=[ value ]` or `KEY = value`."""
    layouts: tuple[Layout, ...] = Field(default=("S",), min_length=1)
    """The paper's stage suite (S) or checkpoint suite (C)."""


def reading_requests(settings: Settings, of: str) -> list[Request]:
    """Return what has to be measured for an experiment whose options are `ReadingOptions`; `k` varies fastest.

    Args:
        settings: The settings.
        of: Name of the experiment.

    Raises:
        ConfigError: An option is unknown or does not fit.
        UnknownNameError: A task or filler is not registered.
    """
    options = read_options(ReadingOptions, settings.options, of)
    check_names(settings.tasks, settings.fillers)
    forms = product(options.styles, options.layouts, options.asked, options.templates)
    requests = []
    for task, filler, (style, layout, asked, template), k in product(
        settings.tasks, settings.fillers, list(forms), settings.ks
    ):
        form = Form(style=style, layout=layout, asked=asked, template=template)
        cell = Cell(measure="reading", task=task, filler=filler, k=k, form=form, seed=settings.seed)
        requests.append(Request(cell=cell, trials=settings.trials))
    return requests


def keys_of(model: str, cell: Cell) -> dict[str, Key]:
    """Return the keys of a cell's rows."""
    return {
        "model": model,
        "task": cell.task,
        "filler": cell.filler,
        "k": cell.k,
        "style": cell.form.style,
        "layout": cell.form.layout,
        "asked": cell.form.asked,
        "template": cell.form.template,
    }


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

    def numbers(self, column: str) -> NDArray[np.float64]:
        """Return a column; NaN where there is no number."""
        numbers: NDArray[np.float64] = pd.to_numeric(self.frame[column]).to_numpy(dtype=np.float64, na_value=np.nan)
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


STAGE_COLUMNS: dict[str, Column] = {
    "n": columns.count("trials", "Trials, failed readings included."),
    "failed": columns.count("failed", "Readings that failed; they count as not right."),
    "acc": columns.share("accuracy", "Trials whose best token of the vocabulary is the target's."),
    "cand_acc": columns.CANDIDATE_ACCURACY,
    "cand_acc_given_gate": columns.share(
        "given the gate", "The same over the trials whose best token is a candidate's."
    ),
    "p_gate": columns.share("gate open", "Trials whose best token is a candidate's."),
    **columns.STAGES,
    "error_share_2a": columns.share("2A of errors", "Errors whose best token is no candidate's."),
    "error_share_2b": columns.share("2B of errors", "Errors whose best token is another candidate's."),
    "gate_gap_mean": columns.logits("gate gap", "Best candidate minus best other token, mean over all trials."),
    "value_gap_mean": columns.logits("value gap", "Target minus best other candidate, mean over all trials."),
    "gate_gap_spelled_mean": columns.logits(
        "gate gap, spelled", "The gate gap when the spellings of a candidate that are one token count together."
    ),
    "value_gap_spelled_mean": columns.logits("value gap, spelled", "The value gap when they do."),
    "competitor_share": columns.share("competitor", "Errors that write the competitor."),
    "bound_share": columns.share("other bound value", "Errors that write another bound value."),
    "unseen_share": columns.share("unseen candidate", "Errors that write a candidate that the prompt does not bind."),
    "variant_share": columns.share("other spelling", "Errors that write another spelling of a candidate."),
    "other_share": columns.share("anything else", "Errors that write anything else."),
    "runner_up": columns.share(
        "target runner-up", "Errors of stage 2B in which the target is the second best candidate."
    ),
    "ties": columns.count("ties", "Trials whose two best tokens or candidates are equal."),
    "acc_spelled": columns.share(
        "acc., spelled", "Accuracy when every spelling of a candidate that is one token counts."
    ),
    "rate_2a_spelled": columns.share("2A, spelled", "2A when every spelling counts."),
    "acc_bound": columns.share("acc., bound", "Accuracy as the guard reads it: bound values only, in every form."),
    "cand_acc_bound": columns.share(
        "cand. acc., bound",
        "Trials in which that reading puts the target above every other bound value; a tie is not above. Over the "
        "trials that bind another value, failed readings included.",
    ),
    "distance": columns.tokens("distance", "Tokens after the target's value up to the answer, mean over trials."),
}


def stage_estimates(readings: Readings) -> tuple[dict[str, Estimate], tuple[str, ...]]:
    """Return the values of `STAGE_COLUMNS`, and the most frequent wrong tokens as notes.

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


def _above(gaps: NDArray[np.float64], failed: Flags) -> Estimate:
    """Return the share of gaps above 0, over what has a gap or failed; no value where nothing has one."""
    known = ~np.isnan(gaps)
    return share((gaps > 0)[known | failed if known.any() else known])
