"""Tells rows where they end, and which of them broke off within a value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor
from transformers import StoppingCriteria, StoppingCriteriaList
from transformers.generation.stopping_criteria import (
    ConfidenceCriteria,
    EosTokenCriteria,
    MaxLengthCriteria,
    MaxTimeCriteria,
    StopStringCriteria,
)

from guardbind.generation.settings import setting
from guardbind.model.forward import Module
from guardbind.session.row import Row

__all__ = ["unfinished_rows", "unread_tokens", "watch_ends"]

# Asking these a second time changes nothing.
_LIBRARY = (ConfidenceCriteria, EosTokenCriteria, MaxLengthCriteria, MaxTimeCriteria, StopStringCriteria)


class _Ends(StoppingCriteria):
    """Tells each row that it has ended; `generate` itself only fills it up with padding from then on."""

    def __init__(
        self, criteria: Sequence[Any], rows: Sequence[Row], aside: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._criteria = criteria
        self._rows = rows
        self._aside = aside

    def __call__(self, input_ids: torch.LongTensor, scores: Any, **kwargs: Any) -> torch.BoolTensor:
        done = torch.zeros(len(self._rows), dtype=torch.bool, device=input_ids.device)
        with self._aside():
            for criterion in self._criteria:
                done = done | criterion(input_ids, scores, **kwargs)
        for row, ended in zip(self._rows, done.tolist(), strict=True):
            row.stopped = row.stopped or ended
        return done  # type: ignore[return-value]


def watch_ends(
    model: Module,
    arguments: dict[str, Any],
    rows: Sequence[Row],
    aside: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> StoppingCriteriaList | None:
    """Return the stopping criteria for a call of `generate`, which also tell the rows that they end; None: as given.

    Args:
        model: The model.
        arguments: Keyword arguments of the call.
        rows: The rows.
        aside: Inside it the criteria are asked.
    """
    given = list(arguments.get("stopping_criteria") or ())
    strings = setting(model, arguments, "stop_strings")
    asked = list(given)
    if strings and arguments.get("tokenizer") is not None and not any(type(c) is StopStringCriteria for c in given):
        asked.append(StopStringCriteria(arguments["tokenizer"], strings))
    if not asked:
        return None
    # One of the caller's own may count its calls, so it is asked once; one of the library's may, by its type, replace
    # what `generate` makes itself, so it stays in the list.
    kept = [criterion for criterion in given if isinstance(criterion, _LIBRARY)]
    return StoppingCriteriaList([*kept, _Ends(asked, rows, aside)])


def unfinished_rows(rows: Sequence[Row], raw: Any, columns: int) -> tuple[int, ...]:
    """Return the rows whose answer ends within a known value, or before one that a visible checkpoint leads up to.

    Args:
        rows: The rows as the generation left them.
        raw: What `generate` returned; None if it raised, and no row has ended then.
        columns: Columns of the prompt, padding included.
    """
    if raw is None:
        return ()
    unread = unread_tokens(rows, raw, columns)
    return tuple(row.index for row, tokens in zip(rows, unread, strict=True) if row.breaks_off(tokens))


def unread_tokens(rows: Sequence[Row], raw: Any, columns: int) -> list[list[int]]:
    """Return the tokens at the end of each answer that its row has not read: the last one, if it was not told to end.

    Args:
        rows: The rows as the generation left them.
        raw: What `generate` returned; None if it raised.
        columns: Columns of the prompt, padding included.
    """
    sequences = raw if isinstance(raw, Tensor) else getattr(raw, "sequences", None)
    if sequences is None:
        return [[] for _ in rows]
    return [[] if row.finished else sequences[row.index, columns + row.step :].tolist() for row in rows]
