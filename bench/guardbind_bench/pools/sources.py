"""Draws the labelled trials of a pool, source by source: with no harm, with harm of its own, and with harm put in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, islice

from transformers import PreTrainedTokenizerBase

from guardbind.calibrating.answering import LabelledTrial
from guardbind.calibrating.labelled import LabelledPrompt
from guardbind.registry import LABELLED
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.tokenizer_lab import without_weights
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.harm.building import built
from guardbind_bench.prompts.labelled import labelled_text, labelled_trial
from guardbind_bench.registry import MEASURES, TASKS

__all__ = ["SOURCES", "Source", "trials_of"]

_TEXTS = ("cards", "sections", "tool_records", "unknown_owner")
_LANGUAGES = ("es", "fr", "zh")
_FILLER, _SIZE = "natural", 16


@dataclass(frozen=True, slots=True)
class Source:
    """One kind of trials of a pool.

    Attributes:
        name: What it is called.
        about: What its trials are, in one sentence.
        trials: How many.
        seed: Of what is drawn.
        prompts: Yields them without an end, given a tokenizer and the seed.
    """

    name: str
    about: str
    trials: int
    seed: int
    prompts: Callable[[PreTrainedTokenizerBase, int], Iterator[LabelledPrompt]]


def trials_of(source: Source, tokenizer: PreTrainedTokenizerBase) -> list[LabelledTrial]:
    """Return the trials of a source, drawn anew from its seed."""
    prompts = islice(source.prompts(tokenizer, source.seed), source.trials)
    return [LabelledTrial(f"{source.name}:{number}", "fit", prompt) for number, prompt in enumerate(prompts)]


def _texts(tokenizer: PreTrainedTokenizerBase, seed: int) -> Iterator[LabelledPrompt]:
    drawn = [LABELLED.get(name)(tokenizer, seed=seed) for name in _TEXTS]
    for row in zip(*drawn, strict=False):
        yield from (prompt.model_copy(update={"task": name}) for name, prompt in zip(_TEXTS, row, strict=True))


def _corrections(tokenizer: PreTrainedTokenizerBase, seed: int) -> Iterator[LabelledPrompt]:
    """Yield prompts and twins of which words find a target; in the others a guard by words does nothing."""
    task = built("corrections", k=0, seed=seed, wordings="held")
    cell = BenchCell(measure="targets", task="corrections", k=0, seed=seed, options={"wordings": "held"})
    aimed = MEASURES.get("targets").prepare(Lab(without_weights(), tokenizer), cell)
    for index in count():
        if task.trial(index).language not in _LANGUAGES:
            continue
        for record in aimed.run([index]):
            if record.place == "begun" and record.outcome in ("right", "wrong"):  # type: ignore[attr-defined]
                trial = task.trial(index, answerable=record.answerable)  # type: ignore[attr-defined]
                yield labelled_text(trial).model_copy(update={"task": "corrections", "group": trial.language})


def _tokens(tokenizer: PreTrainedTokenizerBase, seed: int, *, misled: bool) -> Iterator[LabelledPrompt]:
    task = TASKS.get("competing_vars")(tokenizer, filler=_FILLER, k=_SIZE, seed=seed)
    for index in count():
        trial = task.trial(index)
        keys = [bound.key for bound in trial.bound]
        right = keys[trial.asked]
        named = next(key for key in keys if key != right) if misled else right
        prompt = labelled_trial(trial, tokenizer, f"{_FILLER} k={_SIZE}")
        yield prompt.model_copy(update={"task": "competing_vars", "target": named})


SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        Source(
            "corrections",
            "corrections of held wordings in es, fr and zh, with and without an answer, where words find a target",
            160,
            4121,
            _corrections,
        ),
        Source(
            "told",
            "competing_vars, natural filler of 16 tokens; the caller names the key that is asked for",
            150,
            4123,
            lambda tokenizer, seed: _tokens(tokenizer, seed, misled=False),
        ),
        Source(
            "misled",
            "the prompts of `told`; the caller names another key",
            150,
            4123,
            lambda tokenizer, seed: _tokens(tokenizer, seed, misled=True),
        ),
        Source("texts", f"{', '.join(_TEXTS)} in turn: English, every fifth has no answer", 80, 4122, _texts),
    )
}
"""The sources by name."""
