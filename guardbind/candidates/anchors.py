"""Tells of which values it is certain that a tokenizer writes them alike behind every anchor, and piece by piece."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

__all__ = ["CleanSplit", "clean_split"]

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_DIGITS = frozenset("0123456789")
_OPENING = _LETTERS | _DIGITS
_NEVER = re.compile(r"(?!)")
# How GPT-2 cuts what is printable ASCII: contractions, words, numbers and marks with the space before them, and spaces
# but for the last one before something else. Digits may be parted from all beside them before, as runs or one by one.
_WORDS = r"'(?:[stmd]|re|ve|ll)| ?[A-Za-z]+"
_CUT = re.compile(rf"{_WORDS}| ?[0-9]+| ?[^ A-Za-z0-9]+| +(?![^ ])| +")
_CUT_RUNS, _CUT_DIGITS = (
    re.compile(rf"{digits}|{_WORDS}| ?[^ A-Za-z0-9]+| +(?![^ 0-9])| +") for digits in ("[0-9]+", "[0-9]")
)


@dataclass(frozen=True, slots=True)
class CleanSplit:
    """A tokenizer that parts an anchor from a letter or digit behind it before it merges anything.

    Attributes:
        digits: Whether it also parts whatever stands before a digit from it, a space included.
        added: Finds the tokens that are taken out of a text before it is parted.
        cut: Finds the pieces of a text that is printable ASCII.
    """

    digits: bool
    added: re.Pattern[str]
    cut: re.Pattern[str]

    def holds(self, text: str) -> bool:
        """Whether a text has the same tokens behind every anchor, and so has one with a space in front.

        Where the text begins with a digit and `digits` is true, the space is a part of what stands before.
        """
        return text[:1] in _OPENING and self.added.search(f" {text}") is None

    def pieces(self, text: str) -> list[str]:
        """Return the pieces of a text that holds, each of which is tokenised by itself; of other than ASCII the whole.

        No merge goes over their edges, so that the tokens of the text are those of its pieces. A table of thousands of
        numbers has a handful of them.
        """
        return self.cut.findall(text) if text.isascii() and text.isprintable() else [text]

    def stands_apart(self, text: str) -> bool:
        """Whether a text keeps its tokens also behind a space."""
        return self.digits and text[:1] in _DIGITS


def clean_split(tokenizer: Any, anchors: Collection[str]) -> CleanSplit | None:
    """Return what is certain of a tokenizer; None where nothing is.

    It is certain of a byte-level BPE that changes no characters and cuts a text as GPT-2's does: at an anchor (a line
    break, or a mark of punctuation) in front of a letter, a digit, or a space before one of these. The cut looks at
    nothing to its left, and no merge goes over it, so that the tokens on its right are those of the text alone.

    Args:
        tokenizer: A tokenizer of Hugging Face, or anything else.
        anchors: What values are written behind: a line break, or one mark of punctuation each.
    """
    try:
        backend = tokenizer.backend_tokenizer
        model, cutting = backend.model, backend.pre_tokenizer
        whole = type(model).__name__ == "BPE" and backend.normalizer is None and not model.dropout
        whole = whole and not model.continuing_subword_prefix and not model.end_of_word_suffix
        steps = json.loads(cutting.__getstate__()) if whole else {}
        added = [str(token.content) for token in tokenizer.added_tokens_decoder.values()]
    except (AttributeError, TypeError, ValueError):
        return None
    listed = steps.get("pretokenizers", []) if steps.get("type") == "Sequence" else [steps]
    *before, last = listed or [{}]
    if last.get("type") != "ByteLevel" or last.get("add_prefix_space") or last.get("use_regex") is not True:
        return None
    digits = [step.get("type") == "Digits" for step in before]
    if len(before) > 1 or not all(digits) or any(token.startswith(tuple(anchors)) for token in added):
        return None
    found = re.compile("|".join(map(re.escape, added))) if added else _NEVER
    runs = any(not step.get("individual_digits") for step in before)
    return CleanSplit(bool(digits), found, _CUT_RUNS if runs else _CUT_DIGITS if digits else _CUT)
