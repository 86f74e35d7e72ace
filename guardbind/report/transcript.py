"""Holds the text of one guarded row, prompt and answer, with the place of each token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from guardbind.evidence import Located
from guardbind.text.decoded import PromptText

__all__ = ["Transcript"]


@dataclass(frozen=True, slots=True)
class Transcript:
    """What one row read and wrote.

    Attributes:
        row: Row of the batch.
        text: Prompt and answer, decoded together, special tokens included, padding not.
        prompt_end: Where the answer begins in `text`.
        tokens: Half-open character range in `text` of each token of the answer, the first at step 0.
        items: What was declared for the row and where the prompt states it.
    """

    row: int
    text: str
    prompt_end: int
    tokens: tuple[tuple[int, int], ...]
    items: tuple[Located, ...]

    @classmethod
    def from_ids(
        cls, tokenizer: Any, row: int, prompt: Sequence[int], answer: Sequence[int], items: Sequence[Located]
    ) -> Transcript:
        """Decode a row.

        A character that the last tokens of the prompt and the first of the answer spell together goes to the answer.

        Args:
            tokenizer: A Hugging Face tokenizer.
            row: Row of the batch.
            prompt: Token ids of the prompt, without padding.
            answer: Token ids of the answer, without padding.
            items: What was declared for the row.
        """
        decoded = PromptText.from_ids(tokenizer, [*prompt, *answer])
        tokens = decoded.spans[len(prompt) :]
        return cls(row, decoded.text, tokens[0][0] if tokens else len(decoded.text), tokens, tuple(items))
