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
        reshaped: The caller's processors or penalties may make another token the likeliest than the model does.
    """

    max_positions: int | None
    max_columns: int | None
    max_new_tokens: int | None
    eos: frozenset[int]
    pad: int | None
    sampling: bool
    reshaped: bool = False

    def fits(self, inserted: int, *, step: int, length: int, pad: int) -> bool:
        """Whether an insertion, and one token of the value behind it, still fits into the generation.

        Args:
            inserted: Tokens of the insertion.
            step: Tokens generated in the row so far.
            length: Tokens of the row so far, prompt and answer, without padding.
            pad: Columns of its left padding.

        >>> limits = Limits(None, None, 8, frozenset(), None, sampling=False)
        >>> limits.fits(5, step=2, length=40, pad=0), limits.fits(6, step=2, length=40, pad=0)
        (True, False)
        """
        needed = inserted + 1
        if self.max_new_tokens is not None and step + needed > self.max_new_tokens:
            return not inserted
        fits_cache = self.max_columns is None or pad + length + needed <= self.max_columns
        return fits_cache and self.context_holds(length, inserted)

    def context_holds(self, length: int, inserted: int, *, following: int = 1) -> bool:
        """Whether the model's context has room for an insertion, and for tokens of the value behind it.

        Args:
            length: Tokens of the row before the insertion, without padding.
            inserted: Tokens of the insertion.
            following: Tokens of the value.

        >>> Limits(10, None, None, frozenset(), None, sampling=False).context_holds(6, 2, following=3)
        False
        """
        return self.max_positions is None or length + inserted + following <= self.max_positions
