"""Measures one cell: guarded and unguarded answers in turn, over one reading of the prompt."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import LogitsProcessor, LogitsProcessorList, PreTrainedModel, PreTrainedTokenizerBase

from guardbind.candidates.trie import Trie
from guardbind.errors import GuardbindError
from guardbind.guard import Guard, GuardOutput
from guardbind.model.architecture import check_prompt_length
from guardbind.model.cache import input_device, own_cache, view_of
from guardbind.model.forward import last_logits
from guardbind.model.provenance import provenance_of
from guardbind_bench.cost.cell import CostCell
from guardbind_bench.cost.parts import PartSpent, watched_parts
from guardbind_bench.cost.peak_memory import peak_bytes
from guardbind_bench.cost.prompt import CostPrompt, CostQuestion, write_prompt
from guardbind_bench.cost.record import CellCost, CostRatio, PartCost
from guardbind_bench.measures.spending import spending

__all__ = ["LEAST_PAIRS", "CostScene", "measure_cell", "seconds_of"]

LEAST_PAIRS = 3
"""How many pairs are timed, however long they take."""
_TRIED = 12


class _Scheduled(LogitsProcessor):
    """Writes what stands between two values, so that both arms write as many tokens."""

    def __init__(self, schedules: Sequence[Sequence[int | None]], columns: int) -> None:
        self._schedules, self._columns = schedules, columns

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        step, scores = input_ids.shape[1] - self._columns, scores.clone()  # type: ignore[assignment]
        for row, schedule in enumerate(self._schedules):
            token = schedule[step]
            if token is not None:
                scores[row] = -torch.inf
                scores[row, token] = 0.0
        return scores


@dataclass(slots=True)
class _Times:
    plain: list[float]
    guarded: list[float]
    step: list[float]
    attach: list[float]
    parts: list[dict[str, PartSpent]]


class CostScene:
    """The prompt of one cell, read once but for its last token, and its answers from there.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        cell: What is measured.

    Raises:
        ConfigError: The prompt does not fit the cell.
        ContextLengthError: It does not fit the model.
    """

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, cell: CostCell) -> None:
        self.model, self.tokenizer, self.cell = model, tokenizer, cell
        self.prompt: CostPrompt = write_prompt(tokenizer, cell)
        question = self.prompt.questions[0]
        length = len(self.prompt.ids) + len(question.ids)
        check_prompt_length(model, length, what="the prompt has", hint="Choose a shorter context.")
        self._device = input_device(model)
        self._shared = own_cache()
        start = time.perf_counter()
        self._read(torch.tensor([self.prompt.ids], device=self._device), 0, self._shared)
        self.prefill_seconds = time.perf_counter() - start
        self.as_asked = True
        self.questions = self._chosen()
        self.ids = torch.tensor([[*self.prompt.ids, *q.ids] for q in self.questions], device=self._device)
        self._cache = self._view(self._shared, [0] * cell.batch, len(self.prompt.ids))
        unread = self.ids[:, len(self.prompt.ids) : -1]
        if unread.shape[1]:
            self._read(unread, len(self.prompt.ids), self._cache)
        self.guard = Guard(model, tokenizer, cell.config)

    @property
    def columns(self) -> int:
        """Tokens of the prompt."""
        return int(self.ids.shape[1])

    @property
    def cache_bytes(self) -> int:
        """Size of the live cache."""
        return sum(t.numel() * t.element_size() for layer in self._cache.layers for t in (layer.keys, layer.values))

    def step(self) -> None:
        """Read the last token of the prompt, as the first step of an answer does."""
        self._read(self.ids[:, -1:], self.columns - 1, self._view(self._cache, self._rows, self.columns - 1))

    def plain(self) -> Tensor:
        """Answer unguarded; returns the tokens `[rows, columns]`."""
        generate: Any = self.model.generate
        out: Tensor = generate(**self._arguments())
        return out

    def guarded(self) -> GuardOutput:
        """Answer guarded."""
        return self.guard.generate(**self._arguments(), **self._told())

    def attach(self) -> None:
        """Attach a new guard, and take it off again."""
        told = [list(self.prompt.bindings)] * self.cell.batch
        Guard(self.model, self.tokenizer, self.cell.config).attach(told).detach()

    @property
    def _rows(self) -> list[int]:
        return list(range(self.cell.batch))

    def _told(self) -> dict[str, Any]:
        if self.cell.told == "nothing":
            return {}
        told: dict[str, Any] = {"bindings": [list(self.prompt.bindings)] * self.cell.batch}
        if self.cell.told == "target":
            told["target"] = [self.prompt.key(question) for question in self.questions]
        return told

    def _arguments(self) -> dict[str, Any]:
        length = len(self.questions[0].schedule)
        arguments: dict[str, Any] = {
            "input_ids": self.ids,
            "attention_mask": torch.ones_like(self.ids),
            "past_key_values": self._view(self._cache, self._rows, self.columns - 1),
            "max_new_tokens": length,
            "min_new_tokens": length,
            "do_sample": False,
        }
        if self.cell.answer == "idle":
            trie = Trie.build(self.tokenizer, [(str(item.value), ()) for item in self.prompt.bindings])
            arguments["suppress_tokens"] = sorted(trie.first_tokens)
        elif any(token is not None for token in self.questions[0].schedule):
            scheduled = _Scheduled([question.schedule for question in self.questions], self.columns)
            arguments["logits_processor"] = LogitsProcessorList([scheduled])
        return arguments

    def _chosen(self) -> list[CostQuestion]:
        asked = list(self.prompt.questions)
        if self.cell.asks != "any" and asked[0].value:
            fit = [q for q in asked[:_TRIED] if self._is_right(q) == (self.cell.asks == "right")]
            self.as_asked = bool(fit)
            asked = fit or asked
        return [asked[row % len(asked)] for row in range(self.cell.batch)]

    def _is_right(self, question: CostQuestion) -> bool:
        """Whether the unguarded model begins the answer with the tokens of its value."""
        cache, at, unread = self._view(self._shared, [0], len(self.prompt.ids)), len(self.prompt.ids), question.ids
        for token in question.value:
            logits = self._read(torch.tensor([unread], device=self._device), at, cache)
            if int(logits[0].argmax()) != token:
                return False
            at, unread = at + len(unread), (token,)
        return True

    @torch.no_grad()
    def _read(self, ids: Tensor, start: int, cache: Any) -> Tensor:
        columns = torch.arange(start + ids.shape[1], device=self._device)[None].expand(len(ids), -1)
        return last_logits(self.model, ids, mask=torch.ones_like(columns), positions=columns[:, start:], cache=cache)

    def _view(self, cache: Any, rows: list[int], columns: int) -> Any:
        return view_of(cache, rows, columns, int(cache.get_seq_length()))


def measure_cell(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    cell: CostCell,
    *,
    pairs: int,
    seconds: float,
    memory: bool = True,
) -> CellCost:
    """Measure one cell; what cannot be measured says why.

    Args:
        model: The model, as the cell wants it.
        tokenizer: Its tokenizer.
        cell: What is measured.
        pairs: How many pairs of answers are timed.
        seconds: Behind so much time no further pair is begun, but for the first `LEAST_PAIRS`.
        memory: Whether memory is measured, too.
    """
    try:
        scene = CostScene(model, tokenizer, cell)
        with spending(model) as unguarded:
            scene.plain()
        scene.guarded()  # the first one tries its null
        with spending(model) as spent:
            output = scene.guarded()
        times = _timed(scene, pairs, seconds)
        arms = [lambda: _drop(scene.plain), lambda: _drop(scene.guarded)]
        peaks = peak_bytes(arms, scene.ids.device) if memory else None
    except GuardbindError as error:
        return CellCost(cell=cell, refused=str(error))
    return CellCost(
        cell=cell,
        provenance=provenance_of(model, tokenizer, policy=cell.policy),
        answer_tokens=len(scene.questions[0].schedule),
        slots=len(output.report.slots),
        repaired=sum(slot.final_verdict == "repaired" for slot in output.report.slots),
        as_asked=scene.as_asked,
        ratio=_over(times, 0.0),
        whole=_over(times, scene.prefill_seconds),
        extra_steps=CostRatio.of([(g - p) / s for g, p, s in zip(times.guarded, times.plain, times.step, strict=True)]),
        attach=CostRatio.of([a / s for a, s in zip(times.attach, times.step, strict=False)]),
        step_seconds=sorted(times.step)[len(times.step) // 2],
        forwards=(unguarded.forwards, spent.forwards),
        tokens=(unguarded.tokens, spent.tokens),
        cache_bytes=scene.cache_bytes,
        peak_bytes=None if peaks is None else (peaks[0], peaks[1]),
        parts=_parts(times),
    )


def _over(times: _Times, before: float) -> CostRatio:
    pairs = zip(times.guarded, times.plain, strict=True)
    return CostRatio.of([(before + guarded) / (before + plain) for guarded, plain in pairs])


def _drop(run: Callable[[], object]) -> None:
    run()


def _timed(scene: CostScene, pairs: int, seconds: float) -> _Times:
    times, began = _Times([], [], [], [], []), time.perf_counter()
    scene.step()
    for pair in range(pairs):
        if pair >= LEAST_PAIRS and time.perf_counter() - began > seconds:
            break
        arms: list[tuple[Callable[[], float], list[float]]] = [
            (lambda: seconds_of(scene.plain), times.plain),
            (lambda: seconds_of(scene.step), times.step),
            (lambda: _guarded(scene, times), times.guarded),
        ]
        for run, taken in arms if pair % 2 == 0 else reversed(arms):
            taken.append(run())
        if pair < LEAST_PAIRS:
            times.attach.append(seconds_of(scene.attach))
    return times


def _guarded(scene: CostScene, times: _Times) -> float:
    # What watches the parts takes some microseconds of each.
    with watched_parts(scene.model) as spent:
        seconds = seconds_of(scene.guarded)
    times.parts.append(spent)
    return seconds


def seconds_of(run: Callable[[], object]) -> float:
    """Return how long something takes, with what it has left a GPU to do."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    start = time.perf_counter()
    run()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


def _parts(times: _Times) -> tuple[PartCost, ...]:
    paired = list(zip(times.parts, times.step, strict=True))
    return tuple(
        PartCost(
            part=name,
            calls=part.calls,
            steps=CostRatio.of([spent[name].seconds / step for spent, step in paired]),
            forwards=part.forwards,
            tokens=part.tokens,
        )
        for name, part in times.parts[-1].items()
    )
