"""Asks the model itself whether the value that it writes is true: P(True)."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from guardbind.errors import ConfigError
from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import FormulaSignal, SignedSettings

__all__ = ["P_TRUE", "PTrueSettings", "choice_tokens"]

_TRUE, _FALSE = "True", "False"


class PTrueSettings(SignedSettings):
    """The hyper-parameters."""

    letters: bool = False
    """Read the letter of the option, as one variant does, else its word."""
    turned: bool = False
    """Offer False first."""


def choice_tokens(tokenizer: PreTrainedTokenizerBase, word: str) -> list[int]:
    """Return the tokens that begin a word, in its cases and with a space or without.

    Raises:
        ConfigError: There is none.
    """
    spellings = {f"{space}{case}" for space in ("", " ") for case in (word, word.lower(), word.upper())}
    found = {tuple(tokenizer(spelling, add_special_tokens=False)["input_ids"]) for spelling in spellings}
    tokens = sorted({ids[0] for ids in found if len(ids) == 1 and ids[0] != tokenizer.unk_token_id})
    if not tokens:
        raise ConfigError(f"the tokenizer writes {word!r} as no single token.")
    return tokens


def _p_true(reading: SlotReading, settings: PTrueSettings) -> Tensor:
    tokenizer = reading.lab.tokenizer
    first, second = (_FALSE, _TRUE) if settings.turned else (_TRUE, _FALSE)
    text = f" ]\nIs the proposed answer:\n (A) {first}\n (B) {second}\nThe proposed answer is:"
    asked = list(tokenizer(text, add_special_tokens=False)["input_ids"])
    tails = [
        [*trial.ids[reading.start :], int(token), *asked]
        for trial, token in zip(reading.trials, reading.emitted, strict=True)
    ]
    read = reading.once(("p_true", *asked), lambda: torch.log_softmax(reading.instead(tails), -1))
    letter = {first: "A", second: "B"}
    true, false = (choice_tokens(tokenizer, letter[word] if settings.letters else word) for word in (_TRUE, _FALSE))
    _check_apart(true, false)
    return settings.sign * (read[:, false].logsumexp(-1) - read[:, true].logsumexp(-1))


def _check_apart(true: Iterable[int], false: Iterable[int]) -> None:
    if set(true) & set(false):
        raise ConfigError("the tokenizer begins both options with the same token; they cannot be told apart.")


P_TRUE = FormulaSignal(
    "p_true",
    "arXiv 2207.05221",
    "Log p(False) less log p(True) where the model is asked whether its answer is true.",
    frozenset({"prompt"}),
    "question",
    _p_true,
    extra_forwards=1,
    extra_tokens="question",
    settings=PTrueSettings,
    grid=({"letters": True}, {"sign": -1}, {"letters": True, "sign": -1}),
)
