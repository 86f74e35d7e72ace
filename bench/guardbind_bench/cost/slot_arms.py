"""Runs what the cost of a slot is learnt from: a prompt, plain decoding over its cache, and the nulls."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from guardbind.config import GuardConfig
from guardbind.model.cache import own_cache
from guardbind.model.forward import last_logits
from guardbind.model.tail import Tail
from guardbind.nulls import NullRow
from guardbind.registry import NULLS

__all__ = ["SPAN_TOKENS", "TAIL_TOKENS", "SlotArm", "SlotPrompt"]

SPAN_TOKENS = 5
TAIL_TOKENS = GuardConfig().tail_tokens

TEXT = (
    "The harbour office keeps one ledger for every quay. In the morning the clerk writes down which ships have come in,"
    " what they carry, and to whom the goods belong; at noon a second clerk reads the page aloud, and whoever waits in"
    " the hall may object. Crate 4821 went to Anna Berg, who runs the mill on the northern road, and crate 9370 to the"
    " school. Nobody remembers when the custom began, but since then not a single parcel has been handed to the wrong"
    " person. On windy days the ferry is late, and the list is read again in the evening, by the light of a lamp.\n"
)


@dataclass(frozen=True, slots=True)
class SlotArm:
    """Something that is timed.

    Attributes:
        name: `prefill`, `decode`, or the name of a null.
        spans: Evidence spans that are taken away.
        run: Runs it once.
    """

    name: str
    spans: int
    run: Callable[[], None]


class SlotPrompt:
    """A prompt of prose and its live cache, which is empty until `prefill` has been called.

    Args:
        model: A causal language model with attention in every layer.
        tokenizer: Its tokenizer.
        length: Tokens of the prompt; a span and the tail must fit.
    """

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, length: int) -> None:
        text = tokenizer(TEXT, add_special_tokens=False)["input_ids"]
        self.length = length
        self._model = model
        self._tokenizer = tokenizer
        self._ids = tuple(itertools.islice(itertools.cycle(text), length))
        self._cache = own_cache()

    def prefill(self) -> None:
        """Read the prompt into a new live cache."""
        self._cache = own_cache()
        self._extend(self._ids, 0)

    def decode(self) -> None:
        """Read one more token over the live cache, and take it off again."""
        self._extend(self._ids[-1:], self.length)
        self._cache.crop(-1)

    def null(self, name: str, spans: int) -> SlotArm:
        """Return the arm that reads a null of so many spans over the live cache."""
        last = self.length - TAIL_TOKENS - SPAN_TOKENS
        starts = [i * last // max(1, spans - 1) for i in range(spans)]
        pieces = tuple((range(start, start + SPAN_TOKENS),) for start in starts)
        everything = tuple(itertools.chain.from_iterable(pieces))
        row = NullRow(row=0, ids=self._ids, pad=0, statements=pieces, values=pieces, everything=everything)
        null = NULLS.get(name)

        def run() -> None:
            null(Tail(self._model, self._tokenizer, self._cache, self.length, TAIL_TOKENS), [row], plain=False)

        return SlotArm(name, spans, run)

    def _extend(self, ids: Sequence[int], start: int) -> None:
        columns = torch.arange(start + len(ids), device=self._model.device)[None]
        last_logits(
            self._model,
            torch.tensor([ids], device=self._model.device),
            mask=torch.ones_like(columns),
            positions=columns[:, start:],
            cache=self._cache,
        )
