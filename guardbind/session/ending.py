"""Sees to it that a value ends where it is whole: keeps a repaired one apart, and tells where one goes on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import Protocol

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from guardbind.events import FinalVerdict
from guardbind.session.contained import contained
from guardbind.session.declared import passages_of
from guardbind.session.departing import departure
from guardbind.session.limits import Limits
from guardbind.session.overrun import BEFORE, behind, going_on, likeliest
from guardbind.session.row import EndedValue, Row
from guardbind.session.value import Phase, ValueEvent
from guardbind.text.decode import decode

__all__ = ["Endings", "HeldRecords", "fault_of"]


class HeldRecords(Protocol):
    """Holds the records of a value until it is told whether it ends where it is whole."""

    def correct(self, places: Sequence[int], reason: str, verdict: FinalVerdict) -> None:
        """Take back that a value is the target's."""
        ...

    def release(self, row: int, held: Collection[int] = ()) -> None:
        """Hand the records of a row to the sinks, but for some slots."""
        ...


class Endings:
    """Follows the values of one generation beyond their last token.

    Args:
        tokenizer: The model's tokenizer.
        recorder: Holds the records of a value until it is told whether it ends there.
        limits: What this generation allows.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, recorder: HeldRecords, limits: Limits) -> None:
        self._tokenizer = tokenizer
        self._recorder = recorder
        self._limits = limits

    def observe(self, row: Row) -> None:
        """Take note of a token that a row has read, and let go of the records of what is settled by it."""
        written = row.written
        if written is not None:
            reason = fault_of(row, written, self._tokenizer)
            if reason:
                # Whose value it is then, is known only where values are.
                self._recorder.correct(written.records, reason, "binding_failure" if written.known else "unsupported")
            if reason is not None or row.finished:
                row.written = None
        held = [] if row.written is None else [*row.written.records]
        self._recorder.release(row.index, held if row.value is None else [*held, *row.value.records])

    def close(self, row: Row) -> None:
        """Read a value of a declared passage beside it that is still open where the generation ends."""
        value = row.value
        if value is not None and value.node is None and value.records and value.phase in (Phase.JUDGED, Phase.FORCED):
            row.advance(ValueEvent.END)
        written = row.written
        if written is None or written.known:
            return
        reason = _departure_of(row, written, self._tokenizer, over=True)
        if reason:
            self._recorder.correct(written.records, reason, "unsupported")
        row.written = None

    def apart(self, row: Row, scores: Tensor) -> Tensor:
        """Rule out the next tokens that would go on with a repaired value which is whole, if they are likely."""
        written = row.written
        if row.finished or written is None or not written.repaired:
            return scores
        if row.bound.candidate(written.target) not in written.candidates:
            return scores
        return self.end_here(row, scores, written.end)

    def end_here(self, row: Row, scores: Tensor, end: int | None = None) -> Tensor:
        """Rule out the likely next tokens that would go on with a value.

        A draw could still hit an unlikely one, so under sampling the best token that does not is set.

        Args:
            row: The row; a value of it is whole.
            scores: Processed scores `[rows, vocabulary]`.
            end: Index behind the value among the row's tokens; by default it is the last that was written.
        """
        order = likeliest(scores[row.index])
        tried = order if self._limits.sampling else self._until_apart(row, order, end)
        unwanted = going_on(row, (t for t in tried if t not in self._limits.eos), self._tokenizer, end)
        apart = [token for token in order if token not in unwanted]
        if not apart or not unwanted:
            return scores
        changed = scores.clone()
        if self._limits.sampling:
            changed[row.index] = -torch.inf
            changed[row.index, apart[0]] = 0.0
        else:
            changed[row.index, list(unwanted)] = -torch.inf
        return changed

    def _until_apart(self, row: Row, order: Sequence[int], end: int | None) -> Sequence[int]:
        for place, token in enumerate(order):
            if token in self._limits.eos or not going_on(row, [token], self._tokenizer, end):
                return order[:place]
        return order


def fault_of(row: Row, written: EndedValue, tokenizer: PreTrainedTokenizerBase) -> str | None:
    """Return why a value is not the target's after all; empty where it is, None where that is still to be seen.

    Args:
        row: The row; it has read what follows the value, as far as that is written.
        written: The value.
        tokenizer: The model's tokenizer.
    """
    if not written.known:
        return _departure_of(row, written, tokenizer, over=row.finished)
    target = row.bound.candidate(written.target)
    if target is None:
        return ""
    if target not in written.candidates:
        return "" if _begins(row, written, tokenizer) else "what was written is not the target's value"
    start = max(0, written.end - BEFORE)
    before = decode(tokenizer, row.ids[start : written.end])
    further = behind(before, row.ids[start:], tokenizer)
    if further is None:
        return None
    return "what was written goes on where the target's value ends" if further else ""


def _begins(row: Row, written: EndedValue, tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether what was written may be the target's value in other tokens than its own."""
    text = (written.begun + decode(tokenizer, row.ids[written.start :])).lstrip()
    surfaces: Collection[str] = () if written.target is None else row.bound.table.items[written.target].surfaces
    return any(surface.startswith(text) or text.startswith(surface) for surface in surfaces)


def _departure_of(row: Row, written: EndedValue, tokenizer: PreTrainedTokenizerBase, *, over: bool) -> str | None:
    """Return how what was written has left the declared passage that it began to copy; see `departure`."""
    compare = partial(_departs, row, written, tokenizer, over=over)
    return contained("comparing with a declared passage", compare, lambda _: "")


def _departs(row: Row, written: EndedValue, tokenizer: PreTrainedTokenizerBase, *, over: bool) -> str | None:
    passages = passages_of(row.bound, written.resolution)
    if not passages:
        return ""
    start = max(0, written.start - BEFORE)
    text = decode(tokenizer, row.ids[start:])
    before, whole = (decode(tokenizer, row.ids[start:end]) for end in (written.start, written.end))
    if not text.startswith(whole) or not whole.startswith(before):
        return "" if over else None  # half a character is decoded as another one
    value = range(len(before), len(whole))
    return departure(text, value, passages, row.bound.language, over=over)
