"""Reads some prompts once, and lets methods read them on from there: other columns, other tokens, changed passes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import torch
from torch import Tensor

from guardbind.errors import ConfigError, GuardbindError, NullUnavailableError
from guardbind.model.architecture import is_recurrent
from guardbind.model.cache import input_device, own_cache, view_of
from guardbind.model.forward import forward, last_logits, left_padded
from guardbind.model.interventions import Intervention
from guardbind.model.lens import Lens
from guardbind.model.seat import PassRecord, Seat
from guardbind.text.decoded import PromptText
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.spending import spending
from guardbind_bench.methods.head_lists import HeadLists
from guardbind_bench.prompts.trial import Trial

__all__ = ["PassCost", "Scene"]

T = TypeVar("T")

_GUARD_TAIL = 8


@dataclass(slots=True)
class PassCost:
    """What was spent on all trials of a scene together.

    Attributes:
        forwards: Passes of the model.
        tokens: Tokens that they were given.
        seconds: Time.
    """

    forwards: int = 0
    tokens: int = 0
    seconds: float = 0.0

    def add(self, other: PassCost) -> None:
        """Add another one."""
        self.forwards += other.forwards
        self.tokens += other.tokens
        self.seconds += other.seconds


class Scene:
    """Some trials of one length whose questions begin at one place, read up to their last token.

    What several methods ask for is read once, and charged to each of them.

    Args:
        lab: The model.
        trials: The trials.
        heads: Heads that were found on other trials, or why none were; None where no method needs them.
        read: A cache that holds the prompts up to their last token already, for the scene to keep.

    Raises:
        ConfigError: The prompts differ in length, or in where the question begins.
    """

    def __init__(
        self, lab: Lab, trials: Sequence[Trial], heads: HeadLists | GuardbindError | None = None, *, read: Any = None
    ) -> None:
        if len({(len(trial.ids), trial.question.start) for trial in trials}) != 1:
            raise ConfigError("the prompts of a scene need one length, and questions that begin at one place.")
        self.lab = lab
        self.trials = tuple(trials)
        self.start = trials[0].question.start
        self._heads = heads
        self._device = input_device(lab.model)
        self.ids = torch.tensor([trial.ids for trial in trials], device=self._device)
        self._known: dict[object, tuple[Any, PassCost]] = {}
        self._accounts: list[PassCost] = []
        self._cache: Any = read
        with self.account() as self.base:
            if read is None and not is_recurrent(lab.model):
                self._cache = own_cache()
                self._pass(self.ids[:, :-1], cache=self._cache)
            self.plain = self._plain()

    @property
    def columns(self) -> int:
        """Tokens of a prompt."""
        return int(self.ids.shape[1])

    @property
    def heads(self) -> HeadLists:
        """The heads that were found on other trials.

        Raises:
            GuardbindError: None were, and why.
        """
        if isinstance(self._heads, GuardbindError):
            raise self._heads
        if self._heads is None:
            raise ConfigError("this method needs heads that were found on other trials; the scene has none.")
        return self._heads

    @cached_property
    def seat(self) -> Seat:
        """Where attention and heads are changed; see `Seat.find` for what is refused."""
        return Seat.find(self.lab.model)

    @cached_property
    def lens(self) -> Lens:
        """The logit lens; see `Lens.bind` for what is refused."""
        return Lens.bind(self.lab.model)

    @torch.no_grad()
    def extended(self, tokens: Sequence[int]) -> Scene:
        """Return the scene in which one token more is written to each trial; the question reaches up to it.

        Args:
            tokens: The token of each trial.
        """
        trials = [
            replace(trial, ids=(*trial.ids, token), question=range(trial.question.start, len(trial.ids) + 1))
            for trial, token in zip(self.trials, tokens, strict=True)
        ]
        if self._cache is None:
            return Scene(self.lab, trials, self._heads)
        read = self._view(self.columns - 1)
        self._pass(self.ids[:, -1:], cache=read, start=self.columns - 1)
        return Scene(self.lab, trials, self._heads, read=read)

    @contextmanager
    def account(self) -> Iterator[PassCost]:
        """Count what is spent inside the block, what was read before and is used again included."""
        cost = PassCost()
        self._accounts.append(cost)
        began = time.perf_counter()
        try:
            yield cost
        finally:
            self._accounts.pop()
            cost.seconds += time.perf_counter() - began

    def once(self, name: object, make: Callable[[], T]) -> T:
        """Return what `make` gives, made at the first call for this name and charged at every one."""
        if name not in self._known:
            with self.account() as cost:
                made = make()
            self._known[name] = made, cost
        else:
            for account in self._accounts:
                account.add(self._known[name][1])
        value: T = self._known[name][0]
        return value

    def row(self, *edits: Intervention, reads: bool = False) -> tuple[Tensor, PassRecord]:
        """Read the last token once more, changed.

        Returns:
            Raw fp32 logits `[trials, vocabulary]`, and what was read of the pass.

        Raises:
            NullUnavailableError: The model keeps recurrent state.
            UnknownArchitectureError: Its attention cannot be changed.
        """
        cache = self._view(self.columns - 1)
        with self.seat.acting(*edits, reads=reads, columns=self.columns) as record:
            return self._pass(self.ids[:, -1:], cache=cache, start=self.columns - 1), record

    def tail(
        self,
        hidden: Sequence[Sequence[int]] | None = None,
        *,
        edits: Sequence[Intervention] = (),
        reads: bool = False,
    ) -> tuple[Tensor, PassRecord]:
        """Read the question once more, blind to some columns.

        Args:
            hidden: For each trial the columns that are hidden; columns of the question are hidden from what follows.
            edits: What else is changed; needs a seat.
            reads: Whether attention and heads are kept; needs a seat.

        Returns:
            As `row`.
        """
        mask = torch.ones_like(self.ids)
        for place, columns in enumerate(hidden or ()):
            mask[place, list(columns)] = 0
        cache = self._view(self.start)
        tokens = self.ids[:, self.start :]
        if not edits and not reads:
            return self._pass(tokens, cache=cache, start=self.start, mask=mask), PassRecord()
        with self.seat.acting(*edits, reads=reads, columns=self.columns) as record:
            return self._pass(tokens, cache=cache, start=self.start, mask=mask), record

    def instead(self, tails: Sequence[Sequence[int]]) -> Tensor:
        """Read other tokens in the place of the questions, of one length or not.

        Returns:
            Raw fp32 logits `[trials, vocabulary]` behind them.
        """
        if self._cache is None or len({len(tail) for tail in tails}) > 1:
            return self.prompts([(*t.ids[: self.start], *tail) for t, tail in zip(self.trials, tails, strict=True)])
        ids = torch.tensor([list(tail) for tail in tails], device=self._device)
        return self._pass(ids, cache=self._view(self.start), start=self.start)

    @torch.no_grad()
    def prompts(self, prompts: Sequence[Sequence[int]]) -> Tensor:
        """Read whole prompts, of one length or not; returns raw fp32 logits `[prompts, vocabulary]`."""
        ids, mask, positions = left_padded([list(prompt) for prompt in prompts], self._device)
        with self._charged():
            return last_logits(self.lab.model, ids, mask=mask, positions=positions)

    @contextmanager
    def generating(self) -> Iterator[dict[str, Any]]:
        """Yield what `generate` takes to answer the prompts from what is read already, and count what it spends."""
        arguments: dict[str, Any] = {"input_ids": self.ids, "attention_mask": torch.ones_like(self.ids)}
        # A null runs the last few tokens again, over a cache that must hold them.
        read = self.columns - _GUARD_TAIL
        if self._cache is not None and read > 0:
            arguments["past_key_values"] = self._view(read)
        with self._charged():
            yield arguments
        # Its first pass is the unguarded one once more.
        for account in self._accounts:
            account.forwards -= 1
            account.tokens -= self.ids.numel() if "past_key_values" not in arguments else len(self.ids) * _GUARD_TAIL

    @torch.no_grad()
    def layers(self) -> Tensor:
        """Return the lens' log-probabilities `[layers, trials, vocabulary]` at the last token, unguarded."""

        def read() -> Tensor:
            lens = self.lens.apart()
            with lens.attach():
                self._plain()
            logits = [lens.logits(lens.residuals[layer]) for layer in sorted(lens.residuals)]
            return torch.log_softmax(torch.stack(logits), -1)

        # The residuals lie about in the unguarded pass, so that no other one is charged.
        held = self._accounts
        self._accounts = []
        try:
            return self.once("layers", read)
        finally:
            self._accounts = held

    def graph(self) -> tuple[Tensor, PassRecord]:
        """Read the last token once more, so that its logits can be differentiated by what the record holds.

        Returns:
            As `row`.
        """
        cache = self._view(self.columns - 1)
        with torch.enable_grad(), self.seat.acting(reads=True, columns=self.columns) as record:
            return self._pass(self.ids[:, -1:], cache=cache, start=self.columns - 1, graph=True), record

    def values(self, layer: int) -> Tensor:
        """Return a layer's value vectors, `[trials, key heads, columns, size]`, of all tokens but the last.

        Raises:
            NullUnavailableError: The model keeps recurrent state.
        """
        values: Tensor = self._view(self.columns - 1).layers[layer].values
        return values

    def where(self, word: str, trial: int, within: range | None = None) -> list[range]:
        """Return the tokens of a prompt, or of a part of it, that write a word, once for each time that it stands."""
        ids = self.trials[trial].ids
        text: PromptText = self._texts.setdefault(trial, PromptText.from_ids(self.lab.tokenizer, ids))
        found, at = [], text.text.find(word)
        while at >= 0:
            after = text.text[at + len(word) : at + len(word) + 1]
            tokens = text.tokens(at, at + len(word))
            if not (after.isalnum() or after == "_") and (within is None or tokens.start in within):
                found.append(tokens)
            at = text.text.find(word, at + 1)
        return found

    @cached_property
    def _texts(self) -> dict[int, PromptText]:
        return {}

    def _plain(self) -> Tensor:
        if self._cache is None:
            return self._pass(self.ids)
        return self._pass(self.ids[:, -1:], cache=self._view(self.columns - 1), start=self.columns - 1)

    def _view(self, columns: int) -> Any:
        if self._cache is None:
            raise NullUnavailableError(
                f"{type(self.lab.model).__name__} keeps recurrent state, which has absorbed the prompt already.",
                hint="Choose a method that reads the prompt from its first token.",
            )
        return view_of(self._cache, list(range(len(self.trials))), columns, int(self._cache.get_seq_length()))

    def _pass(
        self, ids: Tensor, *, cache: Any = None, start: int = 0, mask: Tensor | None = None, graph: bool = False
    ) -> Tensor:
        end = start + ids.shape[1]
        positions = torch.arange(start, end, device=self._device)[None].expand(len(ids), -1)
        seen = torch.ones(len(ids), end, dtype=torch.long, device=self._device) if mask is None else mask
        with self._charged(), torch.set_grad_enabled(graph):
            keep = torch.tensor([ids.shape[1] - 1], device=self._device)
            return forward(
                self.lab.model, ids, mask=seen, positions=positions, cache=cache, keep=keep, use_cache=cache is not None
            )[:, 0]

    @contextmanager
    def _charged(self) -> Iterator[None]:
        with spending(self.lab.model) as spent:
            yield
        for account in self._accounts:
            account.forwards += spent.forwards
            account.tokens += spent.tokens
