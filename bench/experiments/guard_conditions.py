"""What the experiments on the guard are run over: tasks, fillers and sizes, times the forms of the prompt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from guardbind.errors import ConfigError

from ..cell import Asked, Cell, Form, Request, Template
from ..registry import FILLERS, TASKS
from ..tables import Key
from .types import Settings

__all__ = ["Condition", "FormOptions", "options_of", "without_failures"]


class FormOptions(BaseModel):
    """How the prompts are written."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    asked: tuple[Asked, ...] = Field(default=("random",), min_length=1)
    """Whether the question names a key drawn anew for each trial, or always the same."""
    templates: tuple[Template, ...] = Field(default=("plain",), min_length=1)
    """Bare text, or a user's turn in the model's chat template."""


T = TypeVar("T", bound=FormOptions)


def options_of(experiment: str, kind: type[T], settings: Settings) -> T:
    """Return the options of an experiment.

    Raises:
        ConfigError: One is unknown or does not fit; the message says which are accepted.
    """
    try:
        return kind.model_validate(settings.options)
    except ValidationError as error:
        what = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        accepted = ", ".join(f"{name} = {value}" for name, value in kind().model_dump(mode="json").items())
        raise ConfigError(f"the options of {experiment!r} do not fit: {what}. By default: {accepted}.") from error


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
        for registry, names in ((TASKS, settings.tasks), (FILLERS, settings.fillers)):
            for name in names:
                if name not in registry:
                    raise registry.miss(name)
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
