"""Prompts and places without a model: one token per character."""

from __future__ import annotations

from guardbind.targets import Place
from guardbind.text.decoded import PromptText

__all__ = ["as_prompt", "said"]


def as_prompt(text: str) -> PromptText:
    """Return a prompt of one token per character."""
    return PromptText(text, tuple((i, i + 1) for i in range(len(text))))


def said(text: str) -> Place:
    """Return a sentence that names both what is asked and of whom."""
    return Place(text, text)
