"""Restating the evidence: which tokens, where, and whether there is room for them."""

from __future__ import annotations

from collections.abc import Callable

from guardbind.config import GuardConfig
from guardbind.model.branch import Branch
from guardbind.model.tail import Tail
from guardbind.policies.proposal import Proposal, Restatement
from guardbind.session.limits import Limits
from guardbind.session.row import Row
from guardbind.targets.by_key import Resolution
from guardbind.text.decoded import PromptText

__all__ = ["insertion_fits", "restater"]

# A line is begun again after a restatement; of a paragraph, only its end is.
_LONGEST_PREFIX = 32


def restater(
    tail: Tail, row: Row, resolution: Resolution, config: GuardConfig, max_positions: int | None
) -> Callable[[], Restatement | None]:
    """Return a function that reads the slot with the target's evidence restated before it.

    The function returns None when the target is not in the prompt or the model's context has no room.
    """

    def restate() -> Restatement | None:
        index = resolution.index
        if index is None or row.table.items[index].absent:
            return None
        settings = config.checkpoint
        mention = row.table.items[index].stated[-1]
        evidence = row.prompt.text[slice(*mention.chars)].strip()
        text = settings.template.replace("{evidence}", evidence)
        prefix = _prefix(tail, row)
        cut = len(prefix)
        if settings.placement == "slot":
            cut, text = 0, "\n" + text
        stated = list(tail.tokenizer(text, add_special_tokens=False)["input_ids"])
        tokens = stated + prefix
        needed = len(row.ids) - cut + len(tokens) + _longest_value(row)
        if not tokens or (max_positions is not None and needed > max_positions):
            return None
        branch = Branch(tail, row=row.index, pad=row.pad, ids=row.ids, cut=cut, tokens=tokens)
        return Restatement(branch, tuple(tokens), len(stated))

    return restate


def _prefix(tail: Tail, row: Row) -> list[int]:
    text = row.prompt if row.step == 0 else PromptText.from_ids(tail.tokenizer, row.ids)
    start = text.text.rfind("\n") + 1
    if start >= len(text.text):
        return []
    first = text.tokens(start, len(text.text)).start
    return row.ids[max(first, len(row.ids) - _LONGEST_PREFIX) :]


def _longest_value(row: Row) -> int:
    candidates = () if row.trie is None else row.trie.candidates
    return max((len(form) for candidate in candidates for form in candidate.forms), default=1)


def insertion_fits(proposal: Proposal, row: Row, limits: Limits) -> bool:
    """Whether what a proposal inserts, and one token of the value, still fits into the generation."""
    needed = len(proposal.inserted) + 1
    if limits.max_new_tokens is not None and row.step + needed > limits.max_new_tokens:
        return not proposal.inserted
    length = len(row.ids) + needed
    fits_context = limits.max_positions is None or length <= limits.max_positions
    return fits_context and (limits.max_columns is None or row.pad + length <= limits.max_columns)
