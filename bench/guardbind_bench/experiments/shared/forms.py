"""Lists the forms of the prompt that several experiments are run over."""

from __future__ import annotations

from pydantic import Field

from guardbind.frozen import Frozen
from guardbind_bench.prompts.cell import Asked, PromptLayout, Style, Template

__all__ = ["FormOptions", "ReadingOptions"]


class FormOptions(Frozen):
    """Which key is asked for, and in which template."""

    asked: tuple[Asked, ...] = Field(default=("random",), min_length=1)
    """Whether the question names a key drawn anew for each trial, or always the same."""
    templates: tuple[Template, ...] = Field(default=("plain",), min_length=1)
    """Bare text, or a user's turn in the model's chat template."""


class ReadingOptions(FormOptions):
    """All forms that the measure `reading` takes."""

    styles: tuple[Style, ...] = Field(default=("bracket",), min_length=1)
    """`KEY=[ value ]` or `KEY = value`."""
    layouts: tuple[PromptLayout, ...] = Field(default=("S",), min_length=1)
    """The paper's stage suite (S) or checkpoint suite (C)."""
