"""Transcribes the rows of a generation for its report, when text may be captured."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from torch import Tensor

from guardbind.report.transcript import Transcript
from guardbind.session.row import Row

__all__ = ["transcribe"]


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
        answer = row.ids[row.bound.prompt_length :]
        if sequences is not None and not row.finished:
            answer = sequences[row.index, columns:].tolist()
        while answer and answer[-1] == pad and pad not in eos:
            answer.pop()
        prompt = row.bound.ids
        transcripts.append(Transcript.from_ids(tokenizer, row.index, prompt, answer, row.bound.table.items))
    return tuple(transcripts)
