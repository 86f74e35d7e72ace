"""The cells of the measure `reading` that an experiment is run over, and what their records say by stage."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from ..cell import Cell, Form, Layout, Request, Style
from ..registry import FILLERS, TASKS
from ..statistics import count, mean, quantity, share
from ..tables import Column, Estimate, Key
from .guard_conditions import FormOptions
from .types import Settings

__all__ = ["STAGE_COLUMNS", "ReadingOptions", "Readings", "keys_of", "reading_requests", "stage_estimates"]

Flags = NDArray[np.bool_]


class ReadingOptions(FormOptions):
    """How the prompts are written."""

    styles: tuple[Style, ...] = Field(default=("bracket",), min_length=1)
    """`KEY=[ value ]` or `KEY = value`."""
    layouts: tuple[Layout, ...] = Field(default=("S",), min_length=1)
    """The paper's stage suite (S) or checkpoint suite (C)."""


def reading_requests(settings: Settings, options: ReadingOptions) -> Iterator[Request]:
    """Return what has to be measured, `k` varying fastest.

    Raises:
        UnknownNameError: A task or filler is not registered.
    """
    for registry, names in ((TASKS, settings.tasks), (FILLERS, settings.fillers)):
        for name in names:
            if name not in registry:
                raise registry.miss(name)
    forms = product(options.styles, options.layouts, options.asked, options.templates)
    for task, filler, (style, layout, asked, template), k in product(
        settings.tasks, settings.fillers, list(forms), settings.ks
    ):
        form = Form(style=style, layout=layout, asked=asked, template=template)
        cell = Cell(measure="reading", task=task, filler=filler, k=k, form=form, seed=settings.seed)
        yield Request(cell=cell, trials=settings.trials)


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


def _share(meaning: str, title: str) -> Column:
    return Column(title=title, unit="share", meaning=meaning)


STAGE_COLUMNS: dict[str, Column] = {
    "n": Column(title="trials", unit="count", meaning="Trials, failed readings included."),
    "failed": Column(title="failed", unit="count", meaning="Readings that failed; they count as not right."),
    "acc": _share("Trials whose best token of the vocabulary is the target's.", "accuracy"),
    "cand_acc": _share("Trials whose best candidate is the target, over all trials.", "candidate accuracy"),
    "cand_acc_given_gate": _share("The same over the trials whose best token is a candidate's.", "given the gate"),
    "p_gate": _share("Trials whose best token is a candidate's.", "gate open"),
    "rate_2a": _share("Trials whose best token is no candidate's.", "2A"),
    "rate_2b": _share("Trials whose best token is another candidate's.", "2B"),
    "error_share_2a": _share("Errors whose best token is no candidate's.", "2A of errors"),
    "error_share_2b": _share("Errors whose best token is another candidate's.", "2B of errors"),
    "gate_gap_mean": Column(
        title="gate gap", unit="logits", meaning="Best candidate minus best other token, mean over all trials."
    ),
    "value_gap_mean": Column(
        title="value gap", unit="logits", meaning="Target minus best other candidate, mean over all trials."
    ),
    "competitor_share": _share("Errors that write the competitor.", "competitor"),
    "bound_share": _share("Errors that write another bound value.", "other bound value"),
    "unseen_share": _share("Errors that write a candidate that the prompt does not bind.", "unseen candidate"),
    "variant_share": _share("Errors that write another spelling of a candidate.", "other spelling"),
    "other_share": _share("Errors that write anything else.", "anything else"),
    "runner_up": _share("Errors of stage 2B in which the target is the second best candidate.", "target runner-up"),
    "ties": Column(title="ties", unit="count", meaning="Trials whose two best tokens or candidates are equal."),
    "acc_spelled": _share("Accuracy when every spelling of a candidate that is one token counts.", "acc., spelled"),
    "rate_2a_spelled": _share("2A when every spelling counts.", "2A, spelled"),
    "acc_bound": _share("Accuracy as the guard reads it: bound values only, in every form.", "acc., bound"),
    "cand_acc_bound": _share(
        "Trials in which that reading puts the target above every other bound value; a tie is not above.",
        "cand. acc., bound",
    ),
    "distance": Column(
        title="distance", unit="tokens", meaning="Tokens after the target's value up to the answer, mean over trials."
    ),
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
        **{
            f"{kind}_share": share(r.says("wrong", kind)[r.wrong])
            for kind in ("competitor", "bound", "unseen", "variant", "other")
        },
        "runner_up": share(runner_up[r.bound_wrongly]),
        "ties": count(int(r.frame["tie"].eq(True).sum()), n),
        "acc_spelled": share(r.says("spelled_stage", "right")),
        "rate_2a_spelled": share(r.says("spelled_stage", "2A")),
        "acc_bound": share(r.says("bound_stage", "right")),
        "cand_acc_bound": share(r.numbers("bound_value_gap") > 0),
        "distance": quantity(float(r.numbers("distance").mean()), n),
    }
    kinds = (("2A", r.gate_failed), ("2B", r.bound_wrongly))
    return values, tuple(f"most frequent {name} tokens: {r.common(among)}" for name, among in kinds if among.any())
