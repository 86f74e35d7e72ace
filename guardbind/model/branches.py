"""Reads other tokens at the ends of several rows in one forward, where cache and attention allow it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from guardbind.errors import NullUnavailableError
from guardbind.model.architecture import attention_windows, is_recurrent, layer_kinds
from guardbind.model.borrowed import borrowed, row_of
from guardbind.model.branch import Branch
from guardbind.model.cache import accepted_arguments, input_device
from guardbind.model.forward import last_logits
from guardbind.model.tail import Tail

__all__ = ["BranchRequest", "read_branches"]

logger = logging.getLogger("guardbind")


@dataclass(eq=False)
class BranchRequest:
    """A branch that is wanted.

    Attributes:
        row: Row of the batch.
        pad: Its left padding, in columns.
        ids: Its tokens so far, without padding.
        cut: How many of its last tokens the branch leaves out.
        tokens: What the branch reads in their place; not empty.
        found: The branch, once it is read, or why there is none.
    """

    row: int
    pad: int
    ids: Sequence[int]
    cut: int
    tokens: Sequence[int]
    found: Branch | NullUnavailableError | None = field(default=None, init=False)

    @property
    def columns(self) -> int:
        """Columns of the live cache that the branch keeps, padding included."""
        return self.pad + len(self.ids) - self.cut


def read_branches(tail: Tail, wanted: Sequence[BranchRequest]) -> None:
    """Read branches of different rows: in one forward, or one by one where that would not be the same.

    Rows that keep fewer columns than others, or read fewer tokens, have columns in between that nothing attends to.
    Full attention is not touched by these where the model takes positions; a window or a chunk would count them.

    Args:
        tail: The interrupted generation; nothing of it is changed.
        wanted: The branches; each is given what was found.
    """
    if len(wanted) < 2 or not _shares(tail, wanted) or not _read_together(tail, wanted):
        for request in wanted:
            try:
                request.found = _alone(tail, request)
            except NullUnavailableError as error:
                request.found = error


def _alone(tail: Tail, request: BranchRequest) -> Branch:
    return Branch(tail, row=request.row, pad=request.pad, ids=request.ids, cut=request.cut, tokens=list(request.tokens))


def _shares(tail: Tail, wanted: Sequence[BranchRequest]) -> bool:
    model = tail.model
    if "position_ids" not in accepted_arguments(model) or is_recurrent(model):
        return False
    even = len({request.columns for request in wanted}) == len({len(request.tokens) for request in wanted}) == 1
    full = all(window is None for window in attention_windows(model))
    return even or (full and not any("chunked" in kind for kind in layer_kinds(model)))


def _read_together(tail: Tail, wanted: Sequence[BranchRequest]) -> bool:
    shown, width = max(request.columns for request in wanted), max(len(request.tokens) for request in wanted)
    lent = borrowed(tail.cache, [request.row for request in wanted], shown, tail.columns)
    if lent is None:
        return False
    seen = torch.zeros(len(wanted), shown + width, dtype=torch.long)
    ids, positions = (
        torch.zeros(len(wanted), width, dtype=torch.long),
        torch.zeros(len(wanted), width, dtype=torch.long),
    )
    for place, request in enumerate(wanted):
        read = len(request.tokens)
        seen[place, request.pad : request.columns] = 1
        seen[place, -read:] = 1
        ids[place, -read:] = torch.tensor(list(request.tokens))
        positions[place, -read:] = torch.arange(request.columns - request.pad, request.columns - request.pad + read)
    device = input_device(tail.model)
    try:
        logits = last_logits(
            tail.model, ids.to(device), mask=seen.to(device), positions=positions.to(device), cache=lent
        )
    except (torch.OutOfMemoryError, MemoryError):
        raise
    except Exception as error:
        logger.info("%s reads branches one by one: %s", type(tail.model).__name__, error)
        return False
    for place, request in enumerate(wanted):
        request.found = Branch.read_already(
            tail,
            pad=request.pad,
            ids=[*request.ids[: len(request.ids) - request.cut], *request.tokens],
            logits=logits[place],
            cache=row_of(lent, place, request.columns, len(request.tokens)),
        )
    return True
