"""Runs a model for a server without a guard: greedy or sampled text, with log-probabilities of every step."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

__all__ = ["Decoding", "PlainModel", "Written"]


@dataclass(frozen=True, slots=True)
class Decoding:
    """How tokens are chosen.

    Attributes:
        max_tokens: Tokens, at most.
        temperature: 0: the likeliest token.
        stop: Texts that end the answer.
        bias: Added to the logits of tokens before one is chosen, and not before log-probabilities are taken.
        choice: Values, one of which is written; empty: anything.
    """

    max_tokens: int
    temperature: float = 0.0
    stop: Sequence[str] = ()
    bias: Mapping[int, float] = field(default_factory=dict)
    choice: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes:
        ids: Its tokens, without the mark of the end.
        text: Its text, without what stopped it.
        rows: Log-probabilities (nats) of all tokens at each step; under `choice`, of the allowed ones.
        finished: `stop` or `length`.
    """

    ids: list[int]
    text: str
    rows: list[Tensor]
    finished: str


class PlainModel:
    """A model and its tokenizer; requests take turns.

    Args:
        model: A decoder-only model of transformers.
        tokenizer: Its tokenizer.
    """

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self.model, self.tokenizer = model, tokenizer
        ends = model.generation_config.eos_token_id
        self._ends = frozenset(ends if isinstance(ends, list) else [] if ends is None else [ends])
        self._turn = threading.Lock()

    @torch.inference_mode()
    def score(self, ids: Sequence[int]) -> Tensor:
        """Return the log-probabilities (nats) behind each token but the last: [tokens − 1, vocabulary]."""
        with self._turn:
            logits: Tensor = self.model(input_ids=torch.tensor([list(ids)])).logits[0, :-1]
        return logits.double().log_softmax(-1)

    @torch.inference_mode()
    def write(self, prompt: Sequence[int], how: Decoding) -> Written:
        """Write behind a prompt."""
        ids: list[int] = []
        rows: list[Tensor] = []
        values = [self.tokenizer(value, add_special_tokens=False)["input_ids"] for value in how.choice]
        with self._turn:
            for row in self._steps(prompt, ids):
                if len(ids) >= how.max_tokens:
                    break
                logprobs = row.double().log_softmax(-1)
                scores = row.double()
                if values:
                    allowed = {
                        value[len(ids)] for value in values if value[: len(ids)] == ids and len(value) > len(ids)
                    }
                    if not allowed:
                        break
                    mask = torch.full_like(scores, -torch.inf)
                    mask[sorted(allowed)] = 0.0
                    scores = scores + mask
                    logprobs = scores.log_softmax(-1)
                for token, added in how.bias.items():
                    scores[token] += added
                if how.temperature > 0:
                    token = int(torch.multinomial((scores / how.temperature).softmax(-1), 1))
                else:
                    token = int(scores.argmax())
                rows.append(logprobs)
                if token in self._ends:
                    return Written(ids, self.tokenizer.decode(ids), rows, "stop")
                ids.append(token)
                text = self.tokenizer.decode(ids)
                found = [place for place in map(text.find, how.stop) if place >= 0]
                if found:
                    return Written(ids, text[: min(found)], rows, "stop")
        return Written(ids, self.tokenizer.decode(ids), rows, "stop" if values else "length")

    def _steps(self, prompt: Sequence[int], written: list[int]) -> Iterator[Tensor]:
        """Yield the logits of each step; what was written meanwhile is read before the next one."""
        cache, new = None, list(prompt)
        while True:
            output = self.model(input_ids=torch.tensor([new]), past_key_values=cache, use_cache=True)
            cache = output.past_key_values
            yield output.logits[0, -1]
            new = written[-1:]
