"""Holds what one generation allows: its length, its cache, how it ends."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one generation allows.

    Attributes:
        max_positions: Tokens of one row, prompt and answer, that the model's context holds, or None.
        max_columns: Columns, padding included, that a static cache holds, or None.
        max_new_tokens: Tokens that may be generated, or None.
        eos: End-of-sequence ids.
        pad: What a row that has ended is filled with, or None.
        sampling: Tokens are drawn, not chosen by arg max.
    """

    max_positions: int | None
    max_columns: int | None
    max_new_tokens: int | None
    eos: frozenset[int]
    pad: int | None
    sampling: bool
