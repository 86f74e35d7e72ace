"""Defines a cell: one condition of the bench, all of whose trials are alike but for what is drawn."""

from __future__ import annotations

import hashlib
from typing import Literal

from pydantic import Field, JsonValue

from guardbind.frozen import Frozen
from guardbind_bench.prompts.trial import SCHEMA_VERSION

__all__ = ["Asked", "BenchCell", "CellRequest", "PromptForm", "PromptLayout", "Style", "Template"]

Style = Literal["bracket", "eq"]
PromptLayout = Literal["S", "C"]
Asked = Literal["random", "fixed"]
Template = Literal["plain", "chat"]


class PromptForm(Frozen):
    """How the prompts of a task are written."""

    style: Style = "bracket"
    """`KEY=[ value ]` or `KEY = value`."""
    layout: PromptLayout = "S"
    """The paper's stage suite (S) or checkpoint suite (C); they differ in the closing bracket and in line ends."""
    asked: Asked = "random"
    """Which key the question names: drawn anew for each trial, or always the paper's (the first)."""
    template: Template = "plain"
    """Bare text that asks `Question: ...` and begins the answer, as in the paper, or a turn in the chat template."""
    arm: str = "baseline"
    """What is done to the prompt, `NAME` or `NAME:NUMBER`; a registered checkpoint arm, or `baseline` for nothing."""


class BenchCell(Frozen):
    """What is measured on which prompts."""

    measure: str
    """A registered measure."""
    task: str
    """A registered task."""
    filler: str = "natural"
    """A registered filler."""
    k: int = Field(default=96, ge=0)
    """Tokens of filler per block; the distance in tokens is recorded with each trial."""
    form: PromptForm = PromptForm()
    """How the prompts are written."""
    seed: int = Field(default=0, ge=0)
    """Base seed: the same cell gives the same trials on every machine."""
    options: dict[str, JsonValue] = Field(default_factory=dict)
    """What only this measure knows, such as the layers to read."""

    @property
    def id(self) -> str:
        """16 hexadecimal digits that stand for the cell and the version of the trials."""
        text = f"{SCHEMA_VERSION}|{self.model_dump_json()}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class CellRequest(Frozen):
    """Some trials of a cell."""

    cell: BenchCell
    """The cell."""
    trials: int = Field(ge=1)
    """How many trials, at most."""
    first: int = Field(default=0, ge=0)
    """Index of the first trial; training sets use others than test sets."""
    wanted: int | None = Field(default=None, ge=1)
    """Stop once so many records count (`TrialRecord.counts`); None to measure all."""
