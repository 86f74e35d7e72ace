"""Redacts with the spaces of the text, so that a local guard reads the tokens of what a server is asked.

Some tokenizers write the space before a number as a token of its own. The null `redact` leaves that token, and puts its
placeholder with a space of its own behind it; who edits text has one space.
"""

from __future__ import annotations

from typing import Literal

from transformers import PreTrainedTokenizerBase

from guardbind.errors import ConfigError
from guardbind.nulls.null import NullRow
from guardbind.nulls.prefill import PLACEHOLDER, PrefillNull
from guardbind.registry import NULLS
from guardbind.text.decode import decode

__all__ = ["REDACT_TEXT", "RedactEdit", "local_null"]

RedactEdit = Literal["tokens", "text"]
"""Where a local guard edits."""

_NAME = "redact_text"
_OPENS = "\"'`([{<"


def _edit(tokenizer: PreTrainedTokenizerBase, row: NullRow, null: int) -> tuple[list[int], list[int]]:
    """Return the row with its values blacked out; what they were must not show, so that only what is before counts."""
    text, at = "", 0
    for part in sorted(row.values[null], key=lambda part: part.start):
        if part.stop <= at:
            continue
        text += decode(tokenizer, row.ids[at : max(part.start, at)])
        text += PLACEHOLDER if text.endswith((" ", "\n", *_OPENS)) else f" {PLACEHOLDER}"
        at = part.stop
    text += decode(tokenizer, row.ids[at:])
    found = list(tokenizer(text, add_special_tokens=False)["input_ids"])
    return found, [1] * len(found)


REDACT_TEXT = PrefillNull(_NAME, _edit)
"""The local null whose tokens are those of the text that is edited by the guard from outside."""


def local_null(null: str, edit: RedactEdit) -> str:
    """Return the name of the null that the local guard reads by.

    Args:
        null: The null of the guard from outside.
        edit: Where the local guard edits.

    Raises:
        ConfigError: Another null than `redact` is to be edited in the text.
    """
    if edit == "tokens":
        return null
    if null != "redact":
        raise ConfigError(f"the null {null!r} is edited among the tokens only.", hint="Leave out the option edit.")
    if _NAME not in NULLS:
        NULLS.register(_NAME, REDACT_TEXT)
    return _NAME
