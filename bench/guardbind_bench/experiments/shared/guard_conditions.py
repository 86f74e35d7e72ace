"""What the experiments on the guard are run over: tasks, fillers and sizes, times the forms of the prompt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

import pandas as pd
from pydantic import JsonValue

from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.experiments.options import check_names
from guardbind_bench.experiments.shared.forms import FormOptions
from guardbind_bench.experiments.table import Key
from guardbind_bench.prompts.cell import Cell, Form, Request

__all__ = ["Condition", "without_failures"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One cell of one measure.

    Attributes:
        request: What is measured.
    """

    request: Request

    @classmethod
    def all(
        cls, measure: str, settings: Settings, options: FormOptions, measured: Mapping[str, JsonValue]
    ) -> list[Condition]:
        """Return all conditions, in order.

        Args:
            measure: The measure.
            settings: Tasks, fillers, sizes, trials and seed.
            options: Forms of the prompt.
            measured: Options of the measure.

        Raises:
            UnknownNameError: A task or filler is not registered.
        """
        check_names(settings.tasks, settings.fillers)
        varied = product(settings.tasks, settings.fillers, settings.ks, options.asked, options.templates)
        return [
            cls(
                Request(
                    cell=Cell(
                        measure=measure,
                        task=task,
                        filler=filler,
                        k=k,
                        form=Form(asked=asked, template=template),
                        seed=settings.seed,
                        options=dict(measured),
                    ),
                    trials=settings.trials,
                )
            )
            for task, filler, k, asked, template in varied
        ]

    def keys(self, model: str) -> dict[str, Key]:
        """Return the keys of its rows."""
        cell = self.request.cell
        return {
            "model": model,
            "task": cell.task,
            "filler": cell.filler,
            "k": cell.k,
            "asked": cell.form.asked,
            "template": cell.form.template,
        }

    def __str__(self) -> str:
        cell = self.request.cell
        return f"{cell.task}, {cell.filler}, k = {cell.k}, {cell.form.asked} key, {cell.form.template}"


def without_failures(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the records of the trials that did not fail, and a note about the others."""
    failed = frame.loc[frame["failed"].notna(), "index"].unique()
    if not len(failed):
        return frame, []
    note = f"{len(failed)} of {frame['index'].nunique()} trials are left out: their measurement failed."
    return frame[~frame["index"].isin(failed)], [note]
