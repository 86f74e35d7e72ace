"""Ends an answer that was begun for the model once a value has been written and what follows is something else."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase, StoppingCriteria

from guardbind_bench.prompts.text_trial import TextTrial
from guardbind_bench.scoring.scoring import values_in

__all__ = ["ValueEnd"]


class ValueEnd(StoppingCriteria):
    """Stops a row behind the first value that could be meant, where white space shows that it has ended.

    Args:
        trial: What was asked.
        tokenizer: The model's.
        columns: Columns of the prompt.
    """

    def __init__(self, trial: TextTrial, tokenizer: PreTrainedTokenizerBase, columns: int) -> None:
        self._trial = trial
        self._tokenizer = tokenizer
        self._columns = columns

    def __call__(self, input_ids: Tensor, scores: Any, **kwargs: Any) -> torch.BoolTensor:
        """Return which rows have ended, `[rows]`."""
        texts = self._tokenizer.batch_decode(input_ids[:, self._columns :], skip_special_tokens=True)
        ended = [self._has_ended(str(text)) for text in texts]
        return torch.tensor(ended, dtype=torch.bool, device=input_ids.device)  # type: ignore[return-value]

    def _has_ended(self, text: str) -> bool:
        first = next((value for value in values_in(self._trial, text) if value.decides), None)
        return first is not None and any(char.isspace() for char in text[first.span[1] :])
