"""Answers as a backend with a model of this process: exactly, so that every other backend can be measured by it."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from guardbind.backends.protocol import (
    Abilities,
    Completion,
    ContinuationScore,
    NextToken,
    PromptRequest,
    PromptTokens,
    Spent,
)
from guardbind.errors import BackendError, ContextLengthError, UnansweredPromptError
from guardbind.information.intervals import Interval
from guardbind.information.partial import PartialDistribution
from guardbind.model import LanguageModel, Module
from guardbind.model.cache import input_device
from guardbind.model.forward import forward, left_padded
from guardbind.model.turns import turns_of
from guardbind.text.decode import decode
from guardbind.text.decoded import PromptText
from guardbind.text.own_tokenizer import own_tokenizer

__all__ = ["LocalBackend"]

_T = TypeVar("_T")
_ROWS = 16
"""Prompts that are read side by side."""


class LocalBackend:
    """A model of this process, asked as a server would be.

    Args:
        model: A decoder-only language model.
        tokenizer: Its tokenizer; chats need its template.
        top: What `next_tokens` returns at most, for tests of what a server would leave open; None for all tokens.

    Raises:
        UnsupportedGenerationError: The module is no language model.
    """

    name = "local"

    def __init__(self, model: Module, tokenizer: PreTrainedTokenizerBase, *, top: int | None = None) -> None:
        self._model = LanguageModel.of(model, tokenizer)
        self._tokenizer = own_tokenizer(tokenizer)
        self._turns = turns_of(self._model.module)
        config: Any = self._model.module.config
        self.model = str(getattr(config, "_name_or_path", "") or type(model).__name__).rstrip("/").rsplit("/", 1)[-1]
        self._most = top
        self._words: dict[int, str] | None = None
        self._anchor = self._tokenizer.encode("a", add_special_tokens=False)[-1:]
        self._anchored = len(decode(self._tokenizer, self._anchor))
        size = int(config.get_text_config(decoder=True).vocab_size)
        self.abilities = Abilities(
            top=top or size,
            chosen=0 if top is not None else size,
            whole=top is None,
            ids=True,
            scores=True,
            constraints=frozenset({"choice"}),
        )

    async def next_tokens(
        self, asked: Sequence[PromptRequest], *, top: int | None = None, values: Sequence[str] = ()
    ) -> list[NextToken]:
        """Return the next token's distribution; whole where `top` is None. `values` need nothing more.

        Raises:
            BackendError: A chat is asked of a model without a template, or a prompt is empty.
            ContextLengthError: A prompt is longer than the model's context.
        """
        return await _elsewhere(lambda: self._next(asked, top or self._most))

    async def score(self, asked: PromptRequest, continuations: Sequence[str]) -> list[ContinuationScore]:
        """Return the exact log-probability of each continuation, tokenised together with what stands before it.

        Raises:
            BackendError: As `next_tokens`; also where a continuation has no token of its own.
            ContextLengthError: As `next_tokens`.
        """
        return await _elsewhere(lambda: self._scores(asked, continuations))

    async def score_prompts(self, asked: Sequence[PromptRequest]) -> list[PromptTokens]:
        """Return the tokens of each prompt and their log-probabilities, exact.

        Raises:
            BackendError: As `next_tokens`.
            ContextLengthError: As `next_tokens`.
        """
        return await _elsewhere(lambda: [self._scored(each) for each in asked])

    async def write(
        self,
        asked: PromptRequest,
        *,
        max_new_tokens: int,
        stop: Sequence[str] = (),
        among: Sequence[str] = (),
        top: int = 0,
    ) -> Completion:
        """Write on greedily; among values, by the likeliest of the tokens that keep one of them alive.

        Raises:
            BackendError: As `next_tokens`.
            ContextLengthError: As `next_tokens`.
        """
        if among:
            return await _elsewhere(lambda: self._among(asked, among))
        return await _elsewhere(lambda: self._write(asked, max_new_tokens, stop, top))

    async def aclose(self) -> None:
        """Do nothing: the model is the caller's."""

    def ids(self, asked: PromptRequest) -> list[int]:
        """Return the tokens of a prompt with its begun answer.

        Raises:
            BackendError: As `next_tokens`.
        """
        if not asked.messages:
            ids = list(self._tokenizer(asked.text + asked.begun)["input_ids"])
        else:
            if not self._tokenizer.chat_template:
                raise UnansweredPromptError(
                    "the tokenizer has no chat template.", hint="Ask a text instead of messages."
                )
            # A template may trim what it is told to go on with; text behind the head of the turn stays as it is.
            text = self._tokenizer.apply_chat_template(
                [dict(message) for message in asked.messages], tokenize=False, add_generation_prompt=True
            )
            ids = list(self._tokenizer(str(text) + asked.begun, add_special_tokens=False)["input_ids"])
        if not ids:
            raise UnansweredPromptError("the prompt is empty; at least one token is accepted.")
        limit = self._model.context_length
        if limit is not None and len(ids) > limit:
            raise ContextLengthError(f"the prompt has {len(ids)} tokens; up to {limit} are accepted.", hint="Cut it.")
        return ids

    @property
    def parts(self) -> tuple[Module, PreTrainedTokenizerBase, Any]:
        """The module, its tokenizer, and the turns that a forward of one's own takes (`with turns.taken()`)."""
        return self._model.module, self._tokenizer, self._turns

    def read(self, logits: Tensor) -> NextToken:
        """Return raw logits `[vocabulary]` of the model as the distribution that `next_tokens` would return.

        Raises:
            BackendError: They are NaN or infinite.
        """
        row = logits.double().log_softmax(-1).cpu()
        return NextToken(self._distribution(row, self._most), self._texts(row, self._most))

    @torch.inference_mode()
    def _last(self, rows: list[list[int]]) -> Tensor:
        ids, mask, positions = left_padded(rows, input_device(self._model.module))
        keep = torch.tensor([ids.shape[1] - 1], device=ids.device)
        logits = forward(self._model.module, ids, mask=mask, positions=positions, keep=keep, use_cache=False)[:, 0]
        return logits.double().log_softmax(-1).cpu()

    def _next(self, asked: Sequence[PromptRequest], top: int | None) -> list[NextToken]:
        rows = [self.ids(each) for each in asked]
        order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
        found: dict[int, NextToken] = {}
        for first in range(0, len(order), _ROWS):
            places = order[first : first + _ROWS]
            began = time.perf_counter()
            with self._turns.taken():
                logprobs = self._last([rows[place] for place in places])
            seconds = time.perf_counter() - began
            for place, row in zip(places, logprobs, strict=True):
                spent = Spent(1, len(rows[place]), 1, seconds=seconds / len(places))
                found[place] = NextToken(self._distribution(row, top), self._texts(row, top), spent)
        return [found[place] for place in range(len(rows))]

    def _distribution(self, logprobs: Tensor, top: int | None) -> PartialDistribution:
        if not bool(logprobs.isfinite().any()) or bool(logprobs.isnan().any()):
            raise UnansweredPromptError("the logits behind the prompt are NaN or infinite.", hint="Try dtype float32.")
        if top is None or top >= logprobs.numel():
            values = dict(enumerate(logprobs.double().tolist()))
            return PartialDistribution(values, whole=True, rounding=1e-5)
        best = logprobs.topk(top)
        values = dict(zip(best.indices.tolist(), best.values.double().tolist(), strict=True))
        return PartialDistribution(values, rounding=1e-6)

    def _texts(self, logprobs: Tensor, top: int | None) -> Mapping[int, str]:
        if top is None or top >= logprobs.numel():
            if self._words is None:
                self._words = {token: self._text(token) for token in range(logprobs.numel())}
            return self._words
        return {token: self._text(token) for token in logprobs.topk(top).indices.tolist()}

    def _text(self, token: int) -> str:
        """Return what a token writes behind others; at the start of a text some decoders drop its space."""
        return decode(self._tokenizer, [*self._anchor, token])[self._anchored :]

    def _scores(self, asked: PromptRequest, texts: Sequence[str]) -> list[ContinuationScore]:
        parted = [self._parted(asked, text) for text in texts]
        order = sorted(range(len(parted)), key=lambda place: len(parted[place][0]))
        found: dict[int, ContinuationScore] = {}
        for first in range(0, len(order), _ROWS):
            places = order[first : first + _ROWS]
            began = time.perf_counter()
            with self._turns.taken():
                logprobs = self._summed([parted[place] for place in places])
            seconds = (time.perf_counter() - began) / len(places)
            for place, logprob in zip(places, logprobs, strict=True):
                ids, start = parted[place]
                spent = Spent(1, len(ids), 0, seconds=seconds)
                found[place] = ContinuationScore(Interval(logprob, logprob), len(ids) - start, spent)
        return [found[place] for place in range(len(parted))]

    def _parted(self, asked: PromptRequest, text: str) -> tuple[list[int], int]:
        """Return prompt and continuation as tokens, and where the first of these stands that is scored."""
        before = self.ids(asked)
        whole = self.ids(PromptRequest(asked.messages, asked.text, asked.begun + text))
        # Tokens may join across the seam; what is scored then begins with the first one that differs.
        start = next((i for i, pair in enumerate(zip(before, whole, strict=False)) if pair[0] != pair[1]), len(before))
        if len(whole) <= start or start == 0:
            raise BackendError("a continuation has no token of its own behind the prompt.", hint="Give it some text.")
        return whole, start

    def _among(self, asked: PromptRequest, values: Sequence[str]) -> Completion:
        rows = {value: self._parted(asked, value)[0] for value in dict.fromkeys(values)}
        prompt = len(self.ids(asked))
        at = min(self._parted(asked, value)[1] for value in rows)
        spent = Spent()
        while len(rows) > 1:
            following = {value: row[at] if at < len(row) else None for value, row in rows.items()}
            if len(set(following.values())) > 1:
                began = time.perf_counter()
                with self._turns.taken():
                    logprobs = self._last([next(iter(rows.values()))[:at]])[0]
                spent += Spent(1, at, 1, seconds=time.perf_counter() - began)
                going = [token for token in following.values() if token is not None]
                best = max(going, key=lambda token: float(logprobs[token]))
                # A value that is whole ends where the model's own token goes on with none of the others.
                ends = None in following.values() and int(logprobs.argmax()) not in going
                wanted = None if ends else best
                rows = {value: row for value, row in rows.items() if following[value] == wanted}
            at += 1
            if all(at > len(row) for row in rows.values()):
                break
        spent += Spent(0 if spent.requests else 1, 0 if spent.requests else prompt, 0)
        return Completion(next(iter(rows)), finished="stop", constrained=True, spent=spent)

    @torch.inference_mode()
    def _summed(self, parted: Sequence[tuple[list[int], int]]) -> list[float]:
        ids, mask, positions = left_padded([row for row, _ in parted], input_device(self._model.module))
        kept = max(len(row) - start for row, start in parted) + 1
        keep = torch.arange(ids.shape[1] - kept, ids.shape[1], device=ids.device)
        logits = forward(self._model.module, ids, mask=mask, positions=positions, keep=keep, use_cache=False)
        found = []
        for place, (row, start) in enumerate(parted):
            size = len(row) - start
            logprobs = logits[place, -size - 1 : -1].double().log_softmax(-1).cpu()
            scored = torch.tensor(row[start:])[:, None]
            found.append(math.fsum(logprobs.gather(1, scored)[:, 0].tolist()))
        return found

    @torch.inference_mode()
    def _scored(self, asked: PromptRequest) -> PromptTokens:
        ids, began = self.ids(asked), time.perf_counter()
        row = torch.tensor([ids], device=input_device(self._model.module))
        positions = torch.arange(len(ids), device=row.device)[None]
        with self._turns.taken():
            logits = forward(self._model.module, row, mask=torch.ones_like(row), positions=positions, use_cache=False)[
                0
            ]
        logprobs = logits[:-1].double().log_softmax(-1).cpu().gather(1, torch.tensor(ids[1:])[:, None])[:, 0].tolist()
        text = PromptText.from_ids(self._tokenizer, ids)
        spent = Spent(1, len(ids), 0, seconds=time.perf_counter() - began)
        return PromptTokens(text.text, text.spans, (None, *logprobs), spent)

    @torch.inference_mode()
    def _write(self, asked: PromptRequest, most: int, stop: Sequence[str], top: int) -> Completion:
        ids, began = self.ids(asked), time.perf_counter()
        module: Any = self._model.module
        prompt = torch.tensor([ids], device=input_device(module))
        arguments: dict[str, Any] = {"stop_strings": list(stop), "tokenizer": self._tokenizer} if stop else {}
        with self._turns.taken():
            # A guard that is attached stands in front of the instance's `generate`; a reference is unguarded.
            output = type(module).generate(
                module,
                input_ids=prompt,
                attention_mask=torch.ones_like(prompt),
                max_new_tokens=most,
                do_sample=False,
                num_beams=1,
                return_dict_in_generate=True,
                output_logits=True,
                **arguments,
            )
        new = output.sequences[0, len(ids) :].tolist()
        ended = bool(new) and new[-1] in self._ends()
        rows = [logits[0].double().log_softmax(-1).cpu() for logits in output.logits][: len(new)] if top else []
        steps = tuple(NextToken(self._distribution(row, top), self._texts(row, top)) for row in rows)
        text = self._tokenizer.decode(new[:-1] if ended else new)
        cut = min((place for place in map(text.find, stop) if place >= 0), default=None)
        finished = "stop" if ended or cut is not None else "length"
        spent = Spent(1, len(ids), len(new), seconds=time.perf_counter() - began)
        return Completion(text[:cut], steps, finished, spent=spent)

    def _ends(self) -> frozenset[int]:
        generation = getattr(self._model.module, "generation_config", None)
        given = None if generation is None else generation.eos_token_id
        return frozenset(given if isinstance(given, list) else [] if given is None else [given])


async def _elsewhere(work: Callable[[], _T]) -> _T:
    return await asyncio.to_thread(work)
