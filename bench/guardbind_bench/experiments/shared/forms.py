"""The forms of the prompt that several experiments are run over."""

from __future__ import annotations

from pydantic import Field

from guardbind.frozen import Frozen
from guardbind_bench.prompts.cell import Asked, Template

__all__ = ["FormOptions"]


class FormOptions(Frozen):
    """How the prompts are written."""

    asked: tuple[Asked, ...] = Field(default=("random",), min_length=1)
    """Whether the question names a key drawn anew for each trial, or always the same."""
    templates: tuple[Template, ...] = Field(default=("plain",), min_length=1)
    """Bare text, or a user's turn in the model's chat template."""
