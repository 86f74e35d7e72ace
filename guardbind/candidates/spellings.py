"""Keeps how a tokenizer writes texts, so that the same values in the next prompt are not tokenised again."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["MOST_KEPT", "KeptSpellings", "kept_spellings"]

MOST_KEPT = 1 << 14
"""Texts that are kept for one tokenizer: eight for each spelling of a value."""


class KeptSpellings:
    """Texts and their tokens, of one tokenizer; the oldest are dropped first."""

    def __init__(self) -> None:
        self._tokens: dict[str, tuple[int, ...]] = {}

    def __len__(self) -> int:
        return len(self._tokens)

    def get(self, text: str) -> tuple[int, ...] | None:
        """Return the tokens of a text; None if they are not kept."""
        return self._tokens.get(text)

    def update(self, spelled: Iterable[tuple[str, tuple[int, ...]]]) -> None:
        """Keep further texts, as many as there is room for; a table that is larger is not kept."""
        more = dict(spelled)
        if not more or len(more) > MOST_KEPT:
            return
        # A new dictionary, so that another thread that reads the old one is not disturbed.
        self._tokens = _newest({**self._tokens, **more})


def _newest(tokens: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    left_out = max(0, len(tokens) - MOST_KEPT)
    return dict(list(tokens.items())[left_out:]) if left_out else dict(tokens)


_KEPT: weakref.WeakKeyDictionary[Any, tuple[object, KeptSpellings]] = weakref.WeakKeyDictionary()


def kept_spellings(tokenizer: Any) -> KeptSpellings:
    """Return what is kept of a tokenizer; it lives as long as the tokenizer, and starts anew when that gets new tokens.

    Args:
        tokenizer: A tokenizer of Hugging Face; of another one, of which nothing tells whether it changed, nothing is
            kept.
    """
    try:
        told = _state(tokenizer)
        held = _KEPT.get(tokenizer)
        if held is None or held[0] != told:
            held = told, KeptSpellings()
            _KEPT[tokenizer] = held
    except (AttributeError, TypeError):
        return KeptSpellings()
    return held[1]


def _state(tokenizer: Any) -> object:
    backend = tokenizer.backend_tokenizer
    parts = (backend.normalizer, backend.pre_tokenizer, backend.model)
    # Parts are made anew at every look; their types and words say what they are.
    return len(tokenizer), tuple(repr(part)[:2000] for part in parts[:2]), type(parts[2]).__name__
