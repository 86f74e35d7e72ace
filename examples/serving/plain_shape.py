"""Reads requests to a server without a guard, and gives its log-probabilities the shape of both interfaces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, Field
from torch import Tensor

from serving.plain_model import Decoding, PlainModel, Written

__all__ = ["Asked", "AskedChat", "AskedText", "Shaper"]


class _Choice(BaseModel):
    choice: list[str] = Field(min_length=1, max_length=64)


class Asked(BaseModel):
    """What both interfaces take; unknown fields are dropped without a word, as most servers do."""

    model: str
    max_tokens: int = Field(default=16, ge=0, le=256)
    temperature: float = Field(default=1.0, ge=0, le=2)
    stop: str | list[str] = []
    logit_bias: dict[int, float] = {}
    return_tokens_as_token_ids: bool = False
    logprob_token_ids: list[int] | None = Field(default=None, max_length=128)
    structured_outputs: _Choice | None = None

    def decoding(self, extras: bool) -> Decoding:
        """Return how tokens are chosen."""
        return Decoding(
            self.max_tokens,
            self.temperature,
            [self.stop] if isinstance(self.stop, str) else self.stop,
            self.logit_bias,
            self.structured_outputs.choice if extras and self.structured_outputs else (),
        )


class AskedText(Asked):
    """A request for a completion."""

    prompt: str | list[int]
    logprobs: int | None = Field(default=None, ge=0, le=20)
    echo: bool = False


class AskedChat(Asked):
    """A request to a chat."""

    messages: list[dict[str, Any]] = Field(min_length=1, max_length=256)
    logprobs: bool = False
    top_logprobs: int = Field(default=0, ge=0, le=20)
    continue_final_message: bool = False
    add_generation_prompt: bool = True


class Shaper:
    """Writes log-probabilities as a server does.

    Args:
        plain: The model.
        extras: Whether ids are returned and taken where a request asks for them.
    """

    def __init__(self, plain: PlainModel, extras: bool) -> None:
        self._plain, self._extras = plain, extras

    def name(self, token: int, asked: Asked) -> str:
        """Return how a token is written."""
        if self._extras and asked.return_tokens_as_token_ids:
            return f"token_id:{token}"
        return str(self._plain.tokenizer.decode([token]))

    def ranking(self, row: Tensor, token: int, top: int, asked: Asked) -> list[tuple[int, float]]:
        """Return the tokens that are told at one step; the written one is one of them."""
        if self._extras and asked.logprob_token_ids is not None:
            told = list(dict.fromkeys([token, *asked.logprob_token_ids]))
        else:
            told = row.topk(top).indices.tolist() if top else []
            told = told if token in told or not top else [token, *told[:-1]]
        return [(each, max(float(row[each]), -9999.0)) for each in told]

    def text_logprobs(
        self, ids: Sequence[int], rows: Sequence[Tensor | None], asked: AskedText
    ) -> dict[str, list[Any]]:
        """Return the log-probabilities of a completion; a row that is None stands before the first token."""
        told: dict[str, list[Any]] = {"tokens": [], "token_logprobs": [], "top_logprobs": [], "text_offset": []}
        place = 0
        for token, row in zip(ids, rows, strict=True):
            told["tokens"].append(self.name(token, asked))
            told["token_logprobs"].append(None if row is None else float(row[token]))
            ranking = None if row is None else self.ranking(row, token, asked.logprobs or 0, asked)
            told["top_logprobs"].append(ranking and {self.name(each, asked): logprob for each, logprob in ranking})
            told["text_offset"].append(place)
            place += len(str(self._plain.tokenizer.decode([token])))
        return told

    def chat_logprobs(self, written: Written, asked: AskedChat) -> dict[str, Any]:
        """Return the log-probabilities of a chat's answer."""

        def entry(token: int, logprob: float) -> dict[str, Any]:
            name = self.name(token, asked)
            return {"token": name, "logprob": logprob, "bytes": list(name.encode())}

        content = []
        for token, row in zip(written.ids, written.rows, strict=False):
            ranking = self.ranking(row, token, asked.top_logprobs, asked)
            others = [entry(each, logprob) for each, logprob in ranking]
            content.append({**entry(token, float(row[token])), "top_logprobs": others})
        return {"content": content}
