"""Defines an experiment: the settings it is run over, the records it reads, and what it has to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, Self

from pydantic import Field, JsonValue, field_validator, model_validator

from guardbind.frozen import Frozen
from guardbind_bench.experiments.table import RowKey, Table, TableRow
from guardbind_bench.prompts.cell import CellRequest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LAST", "Experiment", "ProgressCallback", "RecordSource", "Settings", "plan", "summarise"]

LAST = 1000.0
"""The place of an experiment that gives itself none."""
ProgressCallback = Callable[[str], None]
"""Is told what is being worked on."""


class Settings(Frozen):
    """What an experiment is run over. A preset gives them; options of the command line replace single ones."""

    tasks: tuple[str, ...] = ("competing_vars",)
    """Registered tasks."""
    fillers: tuple[str, ...] = ("natural",)
    """Registered fillers."""
    ks: tuple[int, ...] = (96,)
    """Tokens of filler per block."""
    trials: int = Field(default=200, ge=1)
    """Trials per cell; for pairs, pairs."""
    seed: int = Field(default=0, ge=0)
    """Base seed."""
    options: dict[str, JsonValue] = Field(default_factory=dict)
    """What only this experiment knows; its `defaults` say which there are."""
    also: tuple[Settings, ...] = ()
    """Further conditions, whose rows stand below in the same tables."""

    @field_validator("tasks", "fillers", "ks")
    @classmethod
    def _once(cls, values: tuple[RowKey, ...]) -> tuple[RowKey, ...]:
        # A condition that is named twice is one condition: its trials count once.
        return tuple(dict.fromkeys(values))

    @model_validator(mode="after")
    def _flat(self) -> Self:
        if any(part.also for part in self.also):
            raise ValueError("further conditions have none of their own; put all of them into one `also`")
        return self

    @property
    def parts(self) -> tuple[Settings, ...]:
        """These conditions without the further ones, and then those.

        Example:
            >>> from guardbind_bench.experiments.experiment import Settings
            >>> settings = Settings(ks=(8, 16), also=(Settings(ks=(64,)),))
            >>> [part.ks for part in settings.parts]
            [(8, 16), (64,)]
        """
        return (self.model_copy(update={"also": ()}), *self.also)


class RecordSource(Protocol):
    """The records that an experiment asked for."""

    model: str
    """Name of the model, for the keys of rows."""

    def frame(self, request: CellRequest) -> pd.DataFrame:
        """Return the records of a request, by ascending trial index; list fields are NumPy arrays.

        Of a request with `wanted`, the records up to the one that completes the number. Empty, with no columns, when
        the cell was refused.
        """
        ...

    def refusal(self, request: CellRequest) -> str | None:
        """Return why the cell could not be measured, or None."""
        ...


class Experiment(Protocol):
    """Which trials are measured, and what is made of their records; registered in `EXPERIMENTS`.

    What is run over a grid of tasks, fillers and sizes derives from `GridExperiment` or `CellExperiment`. Two things
    that these have may be lacking: `place`, a number by which a report puts the experiments in order, and `findings`,
    the `FindingRule`s of what a report may open with.
    """

    name: str
    """Its registered name."""
    title: str
    """One line: what it shows."""
    version: int
    """Raised when the same records would give other rows."""

    @property
    def aliases(self) -> tuple[str, ...]:
        """Ids of the published tables that it reproduces."""
        ...

    @property
    def tables(self) -> tuple[Table, ...]:
        """The tables that its rows belong to."""
        ...

    @property
    def defaults(self) -> dict[str, JsonValue]:
        """The options it knows and what they are without a setting."""
        ...

    def plan(self, settings: Settings) -> Sequence[CellRequest]:
        """Return what has to be measured, in order. The same cell may be asked for by other experiments as well.

        Raises:
            ConfigError: A setting does not fit.
            UnknownNameError: A task or filler is not registered.
        """
        ...

    def summarise(self, data: RecordSource, settings: Settings, progress: ProgressCallback) -> list[TableRow]:
        """Make the rows from the records.

        The same records give the same rows. A refused cell gives a row without values and with the reason as a note.
        """
        ...


def plan(experiment: Experiment, settings: Settings) -> list[CellRequest]:
    """Return what has to be measured for all conditions.

    Raises:
        ConfigError: A setting does not fit.
        UnknownNameError: A task or filler is not registered.
    """
    return [request for part in settings.parts for request in experiment.plan(part)]


def summarise(
    experiment: Experiment, data: RecordSource, settings: Settings, progress: ProgressCallback
) -> list[TableRow]:
    """Make the rows of all conditions."""
    return [row for part in settings.parts for row in experiment.summarise(data, part, progress)]
