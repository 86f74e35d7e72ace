"""Names what one cost is measured over, and plans cells around one that all others are compared with."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from guardbind.config import GuardConfig
from guardbind.frozen import Frozen

__all__ = ["ANSWERS", "AXES", "BASE", "FULL", "QUICK", "AnswerForm", "Asks", "CostCell", "GuardTold", "plan_cells"]

AnswerForm = Literal["one_token", "amount", "uuid", "five", "idle"]
"""What is written: a word of one token, an amount, a UUID, five codes in one answer, or a text without any value."""
Asks = Literal["any", "right", "wrong"]
"""Which statements are asked for: as they come, or those that the unguarded model gives rightly, or wrongly."""
GuardTold = Literal["nothing", "bindings", "target"]
"""What the guard is told beside the prompt; `target` is bindings and target."""

ANSWERS: dict[AnswerForm, str] = {
    "one_token": "a word of one token",
    "amount": "an amount",
    "uuid": "a UUID",
    "five": "five codes in one answer",
    "idle": "a text in which no value comes",
}
"""Form of an answer to what it is, in words."""


class CostCell(Frozen):
    """One condition under which guarded and unguarded answers are set side by side."""

    answer: AnswerForm = "one_token"
    """What is written."""
    context: int = Field(default=1024, ge=32)
    """Tokens of prompt and answer."""
    bindings: int = Field(default=8, ge=1)
    """Statements that the prompt makes and the guard knows."""
    batch: int = Field(default=1, ge=1)
    """Rows; each asks for another statement of the same text."""
    attention: str = "sdpa"
    """Attention backend."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    """Type of the weights."""
    policy: str = "auto"
    """Policy of the guard."""
    null: str = "mask"
    """Null of the guard."""
    most: Literal["default", "all"] = "default"
    """How many bindings are taken away at a slot: as many as `GuardConfig.max_nulls` says, or all."""
    asks: Asks = "any"
    """Which statements are asked for."""
    told: GuardTold = "bindings"
    """What the guard is told."""

    @property
    def id(self) -> str:
        """A name for files, the same for the same cell."""
        digest = hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:8]
        return f"{self.answer}-{self.context}-{self.bindings}-{self.batch}-{digest}"

    @property
    def config(self) -> GuardConfig:
        """The settings of the guard."""
        config = GuardConfig(policy=self.policy, null=self.null)
        return config if self.most == "default" else config.model_copy(update={"max_nulls": self.bindings})

    def label(self) -> str:
        """Return the cell in a few words: what differs from `BASE`, and the answer.

        Example:
            >>> CostCell(answer="uuid", batch=4).label()
            'uuid batch=4'
        """
        others = [f"{axis}={getattr(self, axis)}" for axis in AXES[1:] if getattr(self, axis) != getattr(BASE, axis)]
        return " ".join([self.answer, *others])


AXES: tuple[str, ...] = tuple(CostCell.model_fields)
"""What may be varied."""
BASE = CostCell()
"""The cell that others are compared with: one axis is varied at a time."""

FULL: tuple[CostCell, ...] = (
    BASE,
    *(CostCell(answer=answer) for answer in ANSWERS if answer != BASE.answer),
    *(CostCell(context=context) for context in (256, 4096, 8192)),
    *(CostCell(answer="idle", context=context) for context in (4096,)),
    *(CostCell(bindings=bindings) for bindings in (1, 64)),
    CostCell(bindings=64, most="all"),
    CostCell(bindings=512, context=8192),
    CostCell(bindings=512, context=8192, most="all"),
    *(CostCell(batch=batch) for batch in (4, 16)),
    CostCell(attention="eager"),
    CostCell(dtype="bfloat16"),
    *(CostCell(policy=policy, asks="wrong") for policy in ("observe", "contrast", "checkpoint", "auto")),
    CostCell(answer="amount", asks="wrong"),
    CostCell(told="nothing"),
    CostCell(null="mask_prefill", bindings=1),
)
"""What is measured where nothing is chosen."""
QUICK: tuple[CostCell, ...] = (
    CostCell(context=256),
    CostCell(context=256, answer="amount"),
    CostCell(context=256, answer="idle"),
    CostCell(context=1024, bindings=64),
    CostCell(context=256, batch=4),
)
"""What `--quick` measures."""


def plan_cells(
    preset: Sequence[CostCell], chosen: Mapping[str, Sequence[Any]], *, cross: bool = False
) -> tuple[CostCell, ...]:
    """Return the cells to measure, each once.

    Args:
        preset: What is measured where nothing is chosen.
        chosen: Axis to the values that were asked for. The first of each is the cell that the others of another axis
            are measured at.
        cross: Measure every combination, and not one axis at a time.

    Example:
        >>> [cell.label() for cell in plan_cells(FULL, {"answer": ["uuid"], "batch": [1, 4]})]
        ['uuid', 'uuid batch=4']
    """
    chosen = {axis: list(values) for axis, values in chosen.items() if values}
    if not chosen:
        return tuple(preset)
    first = {axis: values[0] for axis, values in chosen.items()}
    if cross:
        points = [dict(zip(chosen, values, strict=True)) for values in itertools.product(*chosen.values())]
    else:
        points = [first, *({**first, axis: value} for axis, values in chosen.items() for value in values[1:])]
    made = (CostCell.model_validate({**BASE.model_dump(), **point}) for point in points)
    return tuple(dict.fromkeys(made))
