"""Defines the record of a value of the prompt that no binding holds, and that a token rests on."""

from __future__ import annotations

from typing import Self

from guardbind.frozen import Frozen

__all__ = ["UnboundValueRecord"]


class UnboundValueRecord(Frozen):
    """A value that no binding holds, and that the model's own token begins and rests on."""

    span: tuple[int, int]
    """Where it stands in the decoded prompt, in characters."""
    statement: tuple[int, int]
    """Where the sentence, line or row stands that holds it."""
    kind: str
    """What it is by its form: `number`, `money`, `date`, `time`, `id`, `email`, `url`, `version`, `quantity`."""
    bits: float
    """Signed log2(p1/p0) of the token, with the statements that hold the value taken away."""
    value: str | None = None
    """The value (prompt text)."""

    def without_text(self) -> Self:
        """Return a copy that holds no prompt text."""
        return self.model_copy(update={"value": None})
