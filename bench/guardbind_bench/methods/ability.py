"""Makes trials that ask nothing: what a method spoils where it is switched on and not needed."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Literal

from transformers import PreTrainedTokenizerBase

from guardbind_bench.prompts.natural import sentences
from guardbind_bench.prompts.trial import Trial, draw_seed

__all__ = ["Ability", "unrelated"]

Ability = Literal["asked", "text", "repeat"]
"""What the prompts want: the value that is asked for, or behind the same statements and filler the next token of a
natural text, or that of a passage which stands there a second time."""

_READ = 16
"""Tokens of the text before the one that is due: they stand in the place of the question."""


def unrelated(trial: Trial, tokenizer: PreTrainedTokenizerBase, ability: Ability, seed: int) -> tuple[Trial, int]:
    """Return a trial with text in the place of its question, and the token that is due.

    Statements stay, so that a method which is told of them acts as ever.

    Args:
        trial: The trial.
        tokenizer: The tokenizer.
        ability: What is put there.
        seed: Base seed.
    """
    if ability == "asked":
        return trial, trial.target.value.token
    draw = Random(draw_seed("unrelated", seed, trial.index, ability))
    text: list[int] = []
    for sentence in sentences(draw):
        text += tokenizer.encode(sentence, add_special_tokens=False)
        if len(text) > 2 * _READ:
            break
    begins = draw.randrange(len(text) - _READ)
    kept = list(trial.ids[: trial.question.start])
    if ability == "repeat":
        kept += text
    ids = (*kept, *text[begins : begins + _READ])
    question = range(len(kept), len(ids))
    return replace(trial, ids=ids, question=question), text[begins + _READ]
