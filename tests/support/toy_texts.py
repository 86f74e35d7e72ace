"""Makes text trials of three lines `key: value`, for the measures of free answers on tiny models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from guardbind_bench.prompts.text_trial import Fact, TextTrial

__all__ = ["KEYS", "WORDS", "ToyTexts", "trial_of"]

KEYS = ("amber", "birch", "cedar")
WORDS = ("river", "stone", "forest", "bridge", "garden", "window", "market", "silver")


def trial_of(
    pairs: list[tuple[str, str]],
    question: str,
    asked: int | None,
    *,
    index: int = 0,
    direction: Literal["key_value", "value_key"] = "key_value",
) -> TextTrial:
    content, facts = f"{question}\n", []
    for key, value in pairs:
        start = len(content) + len(key) + 2
        facts.append(Fact(key, None, key, value, (value,), 0, (start, start + len(value))))
        content += f"{key}: {value}\n"
    answer = () if asked is None else (pairs[asked][1],)
    return TextTrial(
        index=index,
        messages=({"role": "user", "content": content.rstrip("\n")},),
        facts=tuple(facts),
        asked=asked,
        direction=direction,
        answer=answer,
        others=tuple((value,) for i, (_, value) in enumerate(pairs) if i != asked),
        which="only",
        question=(0, len(question)),
    )


@dataclass(frozen=True)
class ToyTexts:
    """Three lines `key: value`, and a question about one of them above; odd trials count as asking for the key."""

    k: int = 0
    seed: int = 0
    name: str = "toy_texts"
    version: int = 1

    def trial(self, index: int, *, answerable: bool = True, renaming: int = 0) -> TextTrial:
        values = [WORDS[(index + i + 3 * renaming) % len(WORDS)] for i in range(3)]
        pairs, asked = list(zip(KEYS, values, strict=True)), index % 3
        question = f"What is {KEYS[asked]}?"
        if not answerable:
            pairs.pop(asked)
        direction: Literal["key_value", "value_key"] = "value_key" if index % 2 else "key_value"
        return trial_of(pairs, question, asked if answerable else None, index=index, direction=direction)
