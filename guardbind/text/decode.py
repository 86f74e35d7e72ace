"""Decodes tokens as the text that they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["decode"]


def decode(tokenizer: Any, ids: Sequence[int]) -> str:
    """Return tokens as text: special tokens stay, and no space is cleaned up.

    Args:
        tokenizer: A Hugging Face tokenizer.
        ids: Token ids.
    """
    # Said outright, because the configuration of a tokenizer may ask for the clean-up.
    return str(tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False))
