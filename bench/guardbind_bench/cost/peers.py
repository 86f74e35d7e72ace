"""Sets other ways to answer beside the guard, in turn on the same prompts: what each takes over the unguarded model."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import LogitsProcessor, LogitsProcessorList, PreTrainedModel, PreTrainedTokenizerBase

from guardbind.guard import Guard
from guardbind.model.cache import own_cache
from guardbind.model.forward import last_logits, left_padded
from guardbind.model.lens import Lens
from guardbind_bench.cost.cell import CostCell
from guardbind_bench.cost.prompt import write_prompt
from guardbind_bench.cost.record import CostRatio, PeerCost
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.spending import Spending, spending
from guardbind_bench.methods.cad import CadSettings
from guardbind_bench.methods.combiners import extrapolated
from guardbind_bench.methods.dola import DolaSettings, dola
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.registry import MEASURES
from guardbind_bench.running.batches import batches, trials_per_batch

__all__ = ["measure_peers", "measure_stages"]

_PUBLISHED_BATCH = 8
_TOKEN_BUDGET = 4096
_SAMPLES = 5


class _SecondPrompt(LogitsProcessor):
    """Context-aware decoding: reads the question alone beside the prompt, and each token after it in both."""

    def __init__(self, model: PreTrainedModel, question: Tensor, columns: int) -> None:
        self._model, self._unread, self._columns = model, question, columns
        self._cache, self._at = own_cache(), 0

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        unread = self._unread if input_ids.shape[1] == self._columns else input_ids[:, -1:]
        seen = torch.arange(self._at + unread.shape[1], device=unread.device)[None]
        prior = last_logits(
            self._model, unread, mask=torch.ones_like(seen), positions=seen[:, self._at :], cache=self._cache
        )
        self._at += unread.shape[1]
        logprobs, settings = torch.log_softmax(scores.float(), -1), CadSettings()
        return extrapolated(logprobs, torch.log_softmax(prior, -1), settings.alpha, settings.theta)  # type: ignore[return-value]


class _EarlierLayer(LogitsProcessor):
    """DoLa: contrasts with the earlier layer that differs most; its residuals lie about in the model's own pass."""

    def __init__(self, lens: Lens) -> None:
        self._lens = lens

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        residuals = self._lens.residuals
        read = torch.stack([self._lens.logits(residuals[layer]) for layer in sorted(residuals)])
        layers = torch.log_softmax(torch.cat([read, scores[None].float()]), -1)
        return dola(layers, list(range(len(layers) - 1)), DolaSettings().theta)  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class _Peer:
    name: str
    repairs: bool
    answer: Callable[[int], Tensor]


class _Answering:
    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, cell: CostCell) -> None:
        self._model, self._tokenizer = model, tokenizer
        self._prompt = write_prompt(tokenizer, cell)
        self.questions = self._prompt.questions
        self._guard = Guard(model, tokenizer, cell.config)
        # The upper half of the layers, every second one, is what the authors take for short answers.
        count = int(model.config.get_text_config(decoder=True).num_hidden_layers)
        self._lens = Lens.bind(model, list(range(count // 2, count - 1, 2)) or [0])

    def peers(self) -> list[_Peer]:
        return [
            _Peer("unguarded", False, self._plain),
            _Peer("guard, told nothing", True, lambda i: self._guarded(i)),
            _Peer("guard, told bindings", True, lambda i: self._guarded(i, bindings=list(self._prompt.bindings))),
            _Peer("context-aware decoding", True, self._aware),
            _Peer("DoLa", True, self._dola),
            _Peer(f"self-consistency of {_SAMPLES}", True, self._consistent),
            _Peer("a second generation as check", False, self._checked),
        ]

    def right(self, index: int, sequences: Tensor) -> bool:
        value = self.questions[index].value
        return tuple(sequences[0, -len(self.questions[index].schedule) :].tolist())[: len(value)] == value

    def _arguments(self, index: int) -> dict[str, Any]:
        question = self.questions[index]
        ids = torch.tensor([[*self._prompt.ids, *question.ids]], device=self._model.device)
        length = len(question.schedule)
        about = {"max_new_tokens": length, "min_new_tokens": length, "do_sample": False}
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids), **about}

    def _plain(self, index: int, **more: Any) -> Tensor:
        generate: Any = self._model.generate
        out: Tensor = generate(**{**self._arguments(index), **more})
        return out

    def _guarded(self, index: int, **told: Any) -> Tensor:
        return self._guard.generate(**self._arguments(index), **told).sequences

    def _aware(self, index: int) -> Tensor:
        question = torch.tensor([self.questions[index].ids], device=self._model.device)
        columns = len(self._prompt.ids) + question.shape[1]
        second = _SecondPrompt(self._model, question, columns)
        return self._plain(index, logits_processor=LogitsProcessorList([second]))

    def _dola(self, index: int) -> Tensor:
        lens = self._lens.apart()
        with lens.attach():
            return self._plain(index, logits_processor=LogitsProcessorList([_EarlierLayer(lens)]))

    def _consistent(self, index: int) -> Tensor:
        torch.manual_seed(index)
        drawn = self._plain(index, do_sample=True, num_return_sequences=_SAMPLES).tolist()
        return torch.tensor([max(drawn, key=drawn.count)])

    def _checked(self, index: int) -> Tensor:
        first = self._plain(index)
        self._plain(index)
        return first


def measure_peers(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    cell: CostCell,
    *,
    prompts: int,
    progress: Callable[[str], object] = lambda _: None,
) -> list[PeerCost]:
    """Answer some prompts in every way, in turn; each reads its prompt from the first token.

    Self-consistency draws its samples as one batch, which is its cheapest way. The check generates the answer again.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        cell: What the prompts are like; one row.
        prompts: How many, at most as many as the cell has bindings.
        progress: Is told how far it is.

    Raises:
        GuardbindError: The prompts do not fit, or a way does not run on the model.
    """
    answering = _Answering(model, tokenizer, cell)
    peers, count = answering.peers(), min(prompts, len(answering.questions))
    spent: dict[str, list[Spending]] = {peer.name: [] for peer in peers}
    right = dict.fromkeys(spent, 0)
    for peer in peers:
        peer.answer(0)  # the guard tries its null
    for index in range(count):
        progress(f"peers: prompt {index + 1} of {count}")
        for peer in peers if index % 2 == 0 else reversed(peers):
            with spending(model) as one:
                sequences = peer.answer(index)
            spent[peer.name].append(one)
            right[peer.name] += answering.right(index, sequences)
    base = spent["unguarded"]
    return [
        PeerCost(
            peer=peer.name,
            repairs=peer.repairs,
            right=right[peer.name],
            prompts=count,
            ratio=CostRatio.of([a.seconds / b.seconds for a, b in zip(spent[peer.name], base, strict=True)]),
            forwards=sum(one.forwards for one in spent[peer.name]) / count,
            tokens=sum(one.tokens for one in spent[peer.name]) / count,
        )
        for peer in peers
    ]


def measure_stages(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    *,
    task: str = "competing_vars",
    filler: str = "natural",
    k: int = 96,
    trials: int = 32,
    pairs: int = 3,
) -> list[PeerCost]:
    """Measure the experiment `stages` per trial over the published way: one whole forward each, in batches of 8.

    The published way is given the same prompts, returns the logits of every position, and shares no prefix.

    Raises:
        GuardbindError: The task does not fit the model.
    """
    lab, cell = Lab(model, tokenizer), BenchCell(measure="reading", task=task, filler=filler, k=k)
    session, made = MEASURES.get("reading").prepare(lab, cell), lab.task(cell)
    windows = batches(range(trials), trials_per_batch(session.tokens, budget=_TOKEN_BUDGET))
    found: dict[str, list[Spending]] = {"stages, the published way": [], "stages, this bench": []}

    def ours() -> None:
        for window in windows:
            session.run(window)

    @torch.no_grad()
    def published() -> None:
        for at in range(0, trials, _PUBLISHED_BATCH):
            texts = [list(made.trial(i).ids) for i in range(at, min(at + _PUBLISHED_BATCH, trials))]
            ids, mask, positions = left_padded(texts, model.device)
            out = model(input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=False)
            out.logits[:, -1].float().argmax(-1)

    arms = list(zip(found, (published, ours), strict=True))
    for _, run in arms:
        run()
    for pair in range(pairs):
        for name, run in arms if pair % 2 == 0 else reversed(arms):
            start = time.perf_counter()
            with spending(model) as one:
                run()
            one.seconds = time.perf_counter() - start
            found[name].append(one)
    base = found["stages, the published way"]
    return [
        PeerCost(
            peer=name,
            repairs=False,
            right=0,
            prompts=trials,
            ratio=CostRatio.of([a.seconds / b.seconds for a, b in zip(taken, base, strict=True)]),
            forwards=taken[-1].forwards / trials,
            tokens=taken[-1].tokens / trials,
        )
        for name, taken in found.items()
    ]
