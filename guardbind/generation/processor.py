"""Hands each decoding step to the engine: the only file that knows `LogitsProcessor`."""

from __future__ import annotations

import torch
from transformers import LogitsProcessor

from guardbind.errors import HookBypassedError
from guardbind.model.tap import ModelTap
from guardbind.session.engine import Engine

__all__ = ["GuardProcessor"]


class GuardProcessor(LogitsProcessor):
    """Hands each decoding step to the engine. Good for one call of `generate`.

    Args:
        engine: The state of the generation.
        tap: Hooks on the model, attached.
        prompt_columns: Columns of the prompt, padding included.

    Raises:
        HookBypassedError: The model ran without its hooks, or not exactly once between two tokens.
    """

    def __init__(self, engine: Engine, tap: ModelTap, prompt_columns: int) -> None:
        self._engine = engine
        self._tap = tap
        self._columns = prompt_columns

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """Return the scores `[rows, vocabulary]`; between slots they are the ones given, untouched."""
        columns = input_ids.shape[1]
        forwards = self._tap.forwards
        reading = self._tap.take()
        first = columns == self._columns
        if reading is None or forwards == 0 or (not first and forwards != 1) or reading.logits.shape[0] != len(scores):
            raise HookBypassedError(
                f"the model ran {forwards} times between two tokens, and its hooks saw "
                f"{0 if reading is None else reading.logits.shape[0]} rows where {len(scores)} are decoded; once, and "
                "all rows, is needed.",
                hint="Decode without assistant, guidance or a compiled model; attach before compiling anything.",
            )
        # Policies and sinks are somebody else's, and may run the model.
        with self._tap.suspended():
            if not first:
                self._engine.observe(input_ids[:, -1].tolist())
            return self._engine.step(reading, scores, columns)  # type: ignore[return-value]
