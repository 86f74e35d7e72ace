"""The text of one guarded row, prompt and answer, kept for the report when text may be captured."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from guardbind.evidence import Located, PromptText
from guardbind.rows import Row

__all__ = ["Transcript", "transcribe"]


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


def transcribe(
    tokenizer: Any, rows: Sequence[Row], raw: Any, columns: int, *, pad: int | None, eos: Container[int]
) -> tuple[Transcript, ...]:
    """Return the transcript of each row of one generation.

    Args:
        tokenizer: A Hugging Face tokenizer.
        rows: The rows as the generation left them.
        raw: What `generate` returned; None if it raised, and the answer then ends with the last token that was read.
        columns: Columns of the prompt, padding included.
        pad: What a row that has ended is filled with, or None.
        eos: End-of-sequence ids.
    """
    sequences = raw if isinstance(raw, Tensor) else getattr(raw, "sequences", None)
    transcripts = []
    for row in rows:
        # The engine never reads the last token of a row, and nothing after an end of sequence.
        answer = row.ids[row.prompt_length :]
        if sequences is not None and not row.finished:
            answer = sequences[row.index, columns:].tolist()
        while answer and answer[-1] == pad and pad not in eos:
            answer.pop()
        prompt = row.ids[: row.prompt_length]
        transcripts.append(Transcript.from_ids(tokenizer, row.index, prompt, answer, row.table.items))
    return tuple(transcripts)
