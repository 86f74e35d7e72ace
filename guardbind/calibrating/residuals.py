"""Reads the residual at the end of prompts, with the candidates that could be written there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from guardbind.calibrating.probe_prompts import ProbePrompt
from guardbind.calibration.outcome import Split
from guardbind.candidates.trie import Trie
from guardbind.errors import CandidateError
from guardbind.model import LanguageModel
from guardbind.model.architecture import check_prompt_length
from guardbind.model.cache import input_device
from guardbind.model.forward import last_logits, left_padded
from guardbind.model.lens import Lens

__all__ = ["ProbeTrial", "read_residuals"]

_BATCH_TOKENS = 2048


@dataclass(frozen=True, slots=True, eq=False)
class ProbeTrial:
    """What one slot shows of the residual.

    Attributes:
        split: What the trial is used for.
        residuals: Layer to residual `[hidden]`, float32, behind the final norm.
        tokens: Tokens with which some candidate begins.
        owners: For each of them, the candidates that it begins.
        right: The candidate that is asked for.
        written: Token that the model writes by itself.
        words: Keys and values of its prompt.
    """

    split: Split
    residuals: dict[int, Tensor]
    tokens: tuple[int, ...]
    owners: tuple[frozenset[int], ...]
    right: int
    written: int
    words: frozenset[str]

    @property
    def own_right(self) -> bool:
        """Whether the model writes the right value by itself."""
        return any(token == self.written and self.right in has for token, has in self._ways())

    @property
    def begun(self) -> frozenset[int]:
        """The candidates that the model begins by itself; none where it writes something else."""
        return frozenset().union(*(has for token, has in self._ways() if token == self.written))

    def _ways(self) -> Iterator[tuple[int, frozenset[int]]]:
        return zip(self.tokens, self.owners, strict=True)


@torch.no_grad()
def read_residuals(
    language_model: LanguageModel,
    lens: Lens,
    prompts: Sequence[ProbePrompt],
    progress: Callable[[int], None] = lambda done: None,
) -> list[ProbeTrial]:
    """Run prompts, and keep the residual behind the last token of each; those of no choice are left out.

    Args:
        language_model: The model, in evaluation mode, with its tokenizer.
        lens: Of the model; its layers are read.
        prompts: The prompts.
        progress: Is told how many prompts were read.

    Returns:
        The trials, in the order of the prompts.

    Raises:
        ContextLengthError: A prompt is too long for the model.
    """
    model, tokenizer = language_model.module, language_model.tokenizer
    check_prompt_length(
        model, max(len(prompt.ids) for prompt in prompts), what="the prompts have", hint="Train no probes."
    )
    found: dict[int, ProbeTrial] = {}
    done = 0
    for places in _batches([len(prompt.ids) for prompt in prompts]):
        ids, mask, positions = left_padded([list(prompts[i].ids) for i in places], input_device(model))
        with lens.attach():
            logits = last_logits(model, ids, mask=mask, positions=positions)
        layers = {layer: lens.project(lens.residuals.pop(layer)).float().cpu() for layer in lens.layers}
        for row, (place, written) in enumerate(zip(places, logits.argmax(-1).tolist(), strict=True)):
            trial = _trial(tokenizer, prompts[place], {layer: all_[row] for layer, all_ in layers.items()}, written)
            if trial is not None:
                found[place] = trial
        done += len(places)
        progress(done)
    return [found[place] for place in sorted(found)]


def _trial(tokenizer: object, prompt: ProbePrompt, residuals: dict[int, Tensor], written: int) -> ProbeTrial | None:
    try:
        trie = Trie.build(tokenizer, [(value, ()) for value in prompt.values])  # type: ignore[arg-type]
    except CandidateError:
        return None
    tokens = tuple(sorted(trie.root.children))
    owners = tuple(trie.root.children[token].values for token in tokens)
    right = trie.index_of(prompt.values[prompt.asked])
    if frozenset({right}) not in owners or not any(right not in of for of in owners):
        return None
    words = frozenset((*prompt.keys, *prompt.values))
    return ProbeTrial(prompt.split, residuals, tokens, owners, right, written, words)


def _batches(lengths: Sequence[int]) -> Iterable[list[int]]:
    """Yield places of prompts of about equal length, so many that they hold some thousand tokens."""
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda place: (lengths[place], place)):
        if batch and (len(batch) + 1) * lengths[place] > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch
