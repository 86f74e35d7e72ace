"""Writes prompts to train probes on: a few bindings, one asked for at random, of words that only their part has.

A probe that has met the values or the keys of its test could know them by heart, and one whose asked key stands at a
fixed place reads which value came first. So the words are parted before any prompt is written, and place, number, form
and asked key are drawn anew for each.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from transformers import PreTrainedTokenizerBase

from guardbind.calibration.outcome import Split
from guardbind.errors import ConfigError
from guardbind.text.chat_rendering import SAID, around_user

__all__ = ["PARTS", "ProbePrompt", "parted_words", "probe_prompts", "single_words"]

PARTS: Mapping[Split, float] = {"fit": 0.5, "choose": 0.25, "report": 0.25}
"""Share of the words that the prompts of each split are written with."""

_LENGTHS = range(4, 11)
_MOST = 2000  # the first of a vocabulary, which are its most frequent
_FEWEST = 80
_BINDINGS = range(2, 7)
# A statement, and how an answer begins.
_FORMS = (
    ("{key}=[ {value} ]", "{key}=["),
    ("{key}: {value}", "{key}:"),
    ("The {key} is {value}.", "The {key} is"),
    ("| {key} | {value} |", "| {key} |"),
    ('{{"name": "{key}", "value": "{value}"}}', '{{"name": "{key}", "value": "'),
    ('{key} = "{value}"', '{key} = "'),
    ("The word for {key} is {value}.", "The word for {key} is"),
)
_ASKING = ("What is {key}?", "What is the value of {key}?", "Which value does {key} have?", "Give the value of {key}.")
_BETWEEN = (
    "The meeting was moved to the afternoon because the room was taken.",
    "Nobody had opened the windows since the rain began.",
    "A train to the coast leaves every hour from the second platform.",
    "They talked for a while about the weather and went home early.",
    "The report will be sent round once the last figures are in.",
    "Several boxes still stood in the hall, and one of them was empty.",
)


@dataclass(frozen=True, slots=True)
class ProbePrompt:
    """A prompt and what is known of it.

    Attributes:
        split: What it is for.
        ids: Its tokens, up to where the value begins.
        keys: Its keys, in the order of the text.
        values: Their values.
        asked: Place of the one that is asked for.
    """

    split: Split
    ids: tuple[int, ...]
    keys: tuple[str, ...]
    values: tuple[str, ...]
    asked: int


def single_words(tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """Return the lower-case words that a tokenizer writes as one token, with a space in front as well as without."""
    words: dict[str, None] = {}
    for token in range(len(tokenizer)):
        text = tokenizer.decode([token])
        word = str(text).strip()
        if len(word) in _LENGTHS and word.isascii() and word.isalpha() and word.islower():
            words[word] = None
    listed = list(words)
    forms = [tokenizer(["= " + word for word in listed], add_special_tokens=False)["input_ids"]] if listed else []
    forms += [tokenizer(["[" + word for word in listed], add_special_tokens=False)["input_ids"]] if listed else []
    return [word for word, *ids in zip(listed, *forms, strict=True) if all(len(some) == 2 for some in ids)][:_MOST]


def parted_words(words: Sequence[str], seed: int) -> dict[Split, tuple[list[str], list[str]]]:
    """Part words among the splits, and those of each into keys and values; no word is in two lists.

    Raises:
        ConfigError: There are too few.

    Example:
        >>> parts = parted_words([f"word{i}" for i in range(80)], seed=0)
        >>> [(split, len(keys), len(values)) for split, (keys, values) in parts.items()]
        [('fit', 10, 30), ('choose', 5, 15), ('report', 5, 15)]
    """
    words = list(dict.fromkeys(words))
    if len(words) < _FEWEST:
        raise ConfigError(
            f"{len(words)} words are known that the tokenizer writes as one token each; at least {_FEWEST} are needed "
            "to train probes.",
            hint="Calibrate without probes.",
        )
    random.Random(f"words {seed}").shuffle(words)
    parts: dict[Split, tuple[list[str], list[str]]] = {}
    first = 0
    for split, share in PARTS.items():
        some = words[first : first + int(share * len(words))]
        first += len(some)
        parts[split] = (some[: len(some) // 4], some[len(some) // 4 :])
    return parts


def probe_prompts(
    tokenizer: PreTrainedTokenizerBase, counts: Mapping[Split, int], *, seed: int, words: Sequence[str] | None = None
) -> list[ProbePrompt]:
    """Write prompts for the splits; every other one in the chat template, where there is one.

    Args:
        tokenizer: The model's tokenizer.
        counts: Split to how many prompts.
        seed: Of everything that is drawn; the first prompts of a larger number are those of a smaller one.
        words: Words for keys and values; by default those of `single_words`.

    Raises:
        ConfigError: There are too few words.
    """
    parts = parted_words(single_words(tokenizer) if words is None else words, seed)
    return [
        _prompt(tokenizer, split, parts[split], random.Random(f"{split} {seed} {number}"), chat=number % 2 == 1)
        for split, count in counts.items()
        for number in range(count)
    ]


def _prompt(
    tokenizer: PreTrainedTokenizerBase,
    split: Split,
    words: tuple[list[str], list[str]],
    draw: random.Random,
    *,
    chat: bool,
) -> ProbePrompt:
    size = draw.choice(_BINDINGS)
    keys, values = draw.sample(words[0], size), draw.sample(words[1], size)
    asked = draw.randrange(size)
    statement, begins = draw.choice(_FORMS)
    stated = [statement.format(key=key, value=value) for key, value in zip(keys, values, strict=True)]
    between = draw.choices(_BETWEEN, k=draw.randrange(size + 1))
    draw.shuffle(between)
    lines = [line for pair in zip_longest(stated, between) for line in pair if line is not None]
    question = draw.choice(_ASKING).format(key=keys[asked])
    begun = begins.format(key=keys[asked])
    told = "\n".join(lines)
    before, after = _around(tokenizer) if chat else ("", "")
    asking = f"{before}{told}\n\n{question}{after}" if after else f"{told}\n\nQuestion: {question}\n"
    ids = tokenizer(asking + begun, add_special_tokens=not after)["input_ids"]
    return ProbePrompt(split, tuple(ids), tuple(keys), tuple(values), asked)


def _around(tokenizer: PreTrainedTokenizerBase) -> tuple[str, str]:
    """Return what the chat template writes around what a user says; nothing where it shows no such text once."""
    if tokenizer.chat_template is None:
        return "", ""
    pieces = around_user(tokenizer, SAID)
    return (pieces[0], pieces[1]) if len(pieces) == 2 else ("", "")
