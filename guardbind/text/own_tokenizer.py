"""Keeps a copy of a tokenizer that only guards use, so that theirs and the caller's calls do not disturb each other.

A fast tokenizer remembers how it was last asked to pad. Two threads at one, one of which pads, each undo what the other
has just set, and a batch comes out unpadded.
"""

from __future__ import annotations

import copy
import threading
from typing import Any
from weakref import WeakKeyDictionary

__all__ = ["own_tokenizer"]

_COPIES: WeakKeyDictionary[Any, tuple[tuple[Any, ...], Any]] = WeakKeyDictionary()
_COPYING = threading.Lock()


def own_tokenizer(tokenizer: Any) -> Any:
    """Return a copy of a tokenizer: one for all guards, and a new one when its tokens or its template have changed.

    Args:
        tokenizer: A Hugging Face tokenizer; one that cannot be copied is returned as it is.
    """
    try:
        with _COPYING:
            special = tuple(getattr(tokenizer, "all_special_tokens", ()))
            looks = (len(tokenizer), special, str(getattr(tokenizer, "chat_template", None)))
            known = _COPIES.get(tokenizer)
            if known is None or known[0] != looks:
                known = looks, _copy(tokenizer)
                _COPIES[tokenizer] = known
            return known[1]
    except Exception:  # whatever a tokenizer of somebody's own does when it is counted, hashed or copied
        return tokenizer


def _copy(tokenizer: Any) -> Any:
    made = copy.deepcopy(tokenizer)
    # From here on it is asked without padding, and has nothing to set again.
    made("", add_special_tokens=False)
    return made
