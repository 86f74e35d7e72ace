"""Lists what the experiment `checkpoint` compares with the baseline of a condition.

The binding tasks have a place for a checkpoint after every so many tokens of filler. A task in prose has one place,
right before the question, so that its arms take no number, and comes in layout S only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from guardbind.frozen import Frozen
from guardbind_bench.experiments.table import RowKey
from guardbind_bench.prompts.cell import Asked, CellRequest, PromptLayout, Style, Template
from guardbind_bench.prompts.tasks.prose import ProseTask
from guardbind_bench.registry import ARMS, TASKS

__all__ = ["SELF", "CheckpointArm", "CheckpointOptions", "arms_of", "prose_task", "spread_arms"]

SELF = "self"
"""The arm whose checkpoints the model fills in."""


class CheckpointOptions(Frozen):
    """Options of the experiment."""

    every: tuple[Annotated[int, Field(ge=1)], ...] = (64,)
    """Tokens of filler between two checkpoints."""
    arms: Literal["all"] | tuple[str, ...] = "all"
    """Registered arms other than `single`, and `self`."""
    single: tuple[Annotated[int, Field(ge=0)], ...] = (0, 32, 64, 128)
    """Distances of the arm `single`: tokens of filler between one checkpoint and the question."""
    layout: PromptLayout = "C"
    """Layout of the prompts; the paper's checkpoint suite has C. A task in prose has S all the same."""
    style: Style = "bracket"
    """Style of the prompts."""
    asked: tuple[Asked, ...] = ("random",)
    """Which key the question names; in the paper `fixed`."""
    templates: tuple[Template, ...] = ("plain",)
    """Bare text, or a user's turn in the model's chat template."""


@dataclass(frozen=True, slots=True)
class CheckpointArm:
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
    request: CellRequest
    idle: str | None = None
    prose: bool = False

    @property
    def keys(self) -> dict[str, RowKey]:
        """What tells it from the other comparisons of a condition."""
        keys: dict[str, RowKey] = {"arm": self.arm, "checkpoint_every": self.every}
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


def arms_of(baseline: CellRequest, options: CheckpointOptions) -> list[CheckpointArm]:
    """Return all that is compared with a baseline, in order."""
    task = prose_task(baseline.cell.task)
    return list(_of_binding(baseline, options) if task is None else _of_prose(baseline, options, task))


def spread_arms() -> list[str]:
    """Return the arms that a checkpoint after every so many tokens is made by, and `self`."""
    return [name for name in ("oracle", *(n for n in ARMS if n != "oracle"), SELF) if name != "single"]


def prose_task(task: str) -> type[ProseTask] | None:
    """Return the task if it is one in prose, else None."""
    builder = TASKS.get(task)
    return builder if isinstance(builder, type) and issubclass(builder, ProseTask) else None


def _of_prose(baseline: CellRequest, options: CheckpointOptions, task: type[ProseTask]) -> Iterator[CheckpointArm]:
    """Return the arms of a task in prose; one that it does not have is refused where it is measured."""
    arms = options.arms
    if arms == "all":
        # A task without any arm still gets a row, which says so.
        arms = tuple(arm for arm in spread_arms() if arm in task.arms) or ("oracle",)
    for arm in arms:
        if arm == SELF:
            for every in options.every:
                yield CheckpointArm(arm, every, None, _self(baseline, every), prose=True)
        else:
            yield CheckpointArm(arm, None, None, _with_arm(baseline, arm), prose=True)


def _of_binding(baseline: CellRequest, options: CheckpointOptions) -> Iterator[CheckpointArm]:
    arms = spread_arms() if options.arms == "all" else options.arms
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
                yield CheckpointArm(arm, every, None, _self(baseline, every), idle)
            elif arm != "reread":
                yield CheckpointArm(arm, every, None, _with_arm(baseline, f"{arm}:{every}"), idle)
    if "reread" in arms:
        yield CheckpointArm("reread", None, None, _with_arm(baseline, "reread"))
    for distance in options.single:
        yield CheckpointArm("single", None, distance, _with_arm(baseline, f"single:{distance}"))


def _with_arm(baseline: CellRequest, arm: str) -> CellRequest:
    form = baseline.cell.form.model_copy(update={"arm": arm})
    return baseline.model_copy(update={"cell": baseline.cell.model_copy(update={"form": form})})


def _self(baseline: CellRequest, every: int) -> CellRequest:
    update = {"measure": "self_checkpoint", "options": {"every": every}}
    return baseline.model_copy(update={"cell": baseline.cell.model_copy(update=update)})
