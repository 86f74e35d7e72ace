"""What the experiment `checkpoint` compares under which conditions.

The binding tasks have a place for a checkpoint after every so many tokens of filler. A task in prose has one place,
right before the question, so that its arms take no number, and comes in layout S only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Annotated, Literal

from pydantic import Field

from guardbind.errors import UnknownNameError
from guardbind.frozen import Frozen
from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.experiments.options import read_options
from guardbind_bench.experiments.table import Key
from guardbind_bench.prompts.cell import Asked, Cell, Form, Layout, Request, Style, Template
from guardbind_bench.prompts.tasks.prose import ProseTask
from guardbind_bench.registry import ARMS, TASKS

__all__ = ["SELF", "Comparison", "Condition", "Options"]

SELF = "self"
"""The arm whose checkpoints the model fills in."""


class Options(Frozen):
    """Options of the experiment."""

    every: tuple[Annotated[int, Field(ge=1)], ...] = (64,)
    """Tokens of filler between two checkpoints."""
    arms: Literal["all"] | tuple[str, ...] = "all"
    """Registered arms other than `single`, and `self`."""
    single: tuple[Annotated[int, Field(ge=0)], ...] = (0, 32, 64, 128)
    """Distances of the arm `single`: tokens of filler between one checkpoint and the question."""
    layout: Layout = "C"
    """Layout of the prompts; the paper's checkpoint suite has C. A task in prose has S all the same."""
    style: Style = "bracket"
    """Style of the prompts."""
    asked: tuple[Asked, ...] = ("random",)
    """Which key the question names; in the paper `fixed`."""
    templates: tuple[Template, ...] = ("plain",)
    """Bare text, or a user's turn in the model's chat template."""

    @classmethod
    def of(cls, settings: Settings) -> Options:
        """Return the options among some settings.

        Raises:
            ConfigError: An option is unknown or does not fit.
            UnknownNameError: There is no such arm.
        """
        options = read_options(cls, settings.options, "checkpoint")
        known = _spread_arms()
        for arm in () if options.arms == "all" else options.arms:
            if arm not in known:
                raise UnknownNameError(
                    f"option `arms` names {arm!r}; known: {', '.join(known)}.",
                    hint="Distances of `single` are an option of their own." if arm == "single" else None,
                )
        return options


@dataclass(frozen=True, slots=True)
class Comparison:
    """One arm against the baseline.

    Attributes:
        arm: The arm.
        every: Tokens of filler between two checkpoints; None for an arm, or a task, with one place.
        distance: Of arm `single`, tokens of filler between the checkpoint and the question.
        request: What is measured.
        idle: Why the prompts are the baseline's and nothing is measured; None where they differ.
        prose: Whether the task is one in prose.
    """

    arm: str
    every: int | None
    distance: int | None
    request: Request
    idle: str | None = None
    prose: bool = False

    @property
    def keys(self) -> dict[str, Key]:
        """What tells it from the other comparisons of a condition."""
        keys: dict[str, Key] = {"arm": self.arm, "checkpoint_every": self.every}
        return keys if self.distance is None else {**keys, "distance": self.distance}

    @property
    def tables(self) -> tuple[str, ...]:
        """Ids of the tables that it has a row in."""
        if self.distance is not None:
            return ("checkpoint_single",)
        own = {"oracle": "checkpoint_notes" if self.prose else "checkpoint", SELF: "checkpoint_self"}
        return (*([own[self.arm]] if self.arm in own else []), "checkpoint_controls")

    def __str__(self) -> str:
        number = self.every if self.distance is None else self.distance
        return self.arm if number is None else f"{self.arm}:{number}"


@dataclass(frozen=True, slots=True)
class Condition:
    """Prompts of one kind, with the baseline and all that is compared with it.

    Attributes:
        baseline: What the arms are compared with.
        comparisons: The arms.
        notes: What has to be said of all of them.
    """

    baseline: Request
    comparisons: tuple[Comparison, ...]
    notes: tuple[str, ...] = ()

    @classmethod
    def all(cls, settings: Settings) -> Iterator[Condition]:
        """Return all conditions of some settings, in order.

        Raises:
            ConfigError: An option is unknown or does not fit.
            UnknownNameError: There is no such arm.
        """
        options = Options.of(settings)
        varied = product(settings.tasks, settings.fillers, settings.ks, options.asked, options.templates)
        for task, filler, k, asked, template in varied:
            prose = _prose(task)
            layout = options.layout if prose is None else "S"
            form = Form(style=options.style, layout=layout, asked=asked, template=template)
            cell = Cell(measure="reading", task=task, filler=filler, k=k, form=form, seed=settings.seed)
            baseline = Request(cell=cell, trials=settings.trials)
            compared = _comparisons(baseline, options) if prose is None else _once(baseline, options, prose)
            notes = () if layout == options.layout else (f"Layout {layout}: {task} comes in no other.",)
            yield cls(baseline, tuple(compared), notes)

    @property
    def keys(self) -> dict[str, Key]:
        """What tells it from the other conditions of a model."""
        cell = self.baseline.cell
        return {
            "task": cell.task,
            "filler": cell.filler,
            "k": cell.k,
            "asked": cell.form.asked,
            "style": cell.form.style,
            "layout": cell.form.layout,
            "template": cell.form.template,
        }

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.keys.items())


def _spread_arms() -> list[str]:
    return [name for name in ("oracle", *(n for n in ARMS if n != "oracle"), SELF) if name != "single"]


def _prose(task: str) -> type[ProseTask] | None:
    builder = TASKS.get(task)
    return builder if isinstance(builder, type) and issubclass(builder, ProseTask) else None


def _once(baseline: Request, options: Options, task: type[ProseTask]) -> Iterator[Comparison]:
    """Return the arms of a task in prose; one that it does not have is refused where it is measured."""
    arms = options.arms
    if arms == "all":
        # A task without any arm still gets a row, which says so.
        arms = tuple(arm for arm in _spread_arms() if arm in task.arms) or ("oracle",)
    for arm in arms:
        if arm == SELF:
            for every in options.every:
                yield Comparison(arm, every, None, _self(baseline, every), prose=True)
        else:
            yield Comparison(arm, None, None, _with_arm(baseline, arm), prose=True)


def _comparisons(baseline: Request, options: Options) -> Iterator[Comparison]:
    arms = _spread_arms() if options.arms == "all" else options.arms
    k = baseline.cell.k
    for every in options.every:
        idle = None
        if k <= every:
            idle = (
                f"k = {k} is not more than checkpoint_every = {every}: no checkpoint is inserted and the prompts are "
                "the baseline's."
            )
        for arm in arms:
            if arm == SELF:
                yield Comparison(arm, every, None, _self(baseline, every), idle)
            elif arm != "reread":
                yield Comparison(arm, every, None, _with_arm(baseline, f"{arm}:{every}"), idle)
    if "reread" in arms:
        yield Comparison("reread", None, None, _with_arm(baseline, "reread"))
    for distance in options.single:
        yield Comparison("single", None, distance, _with_arm(baseline, f"single:{distance}"))


def _with_arm(baseline: Request, arm: str) -> Request:
    form = baseline.cell.form.model_copy(update={"arm": arm})
    return baseline.model_copy(update={"cell": baseline.cell.model_copy(update={"form": form})})


def _self(baseline: Request, every: int) -> Request:
    update = {"measure": "self_checkpoint", "options": {"every": every}}
    return baseline.model_copy(update={"cell": baseline.cell.model_copy(update=update)})
