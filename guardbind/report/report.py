"""Holds what a guarded generation saw and did, as the caller gets it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from guardbind.events import InterventionRecord, Provenance, SlotRecord
from guardbind.frozen import Frozen
from guardbind.report.html import render_fragment, render_page
from guardbind.report.transcript import Transcript

__all__ = ["Readout", "Report"]


@dataclass(frozen=True, slots=True)
class Readout:
    """The tensors of one slot, kept on request.

    Attributes:
        logits: Raw fp32 logits `[vocabulary]`.
        residual: What fed the output head `[hidden]`, in the model's dtype.
        nulls: Index of a binding to log p0 `[vocabulary]`, nats.
    """

    logits: Tensor
    residual: Tensor
    nulls: dict[int, Tensor]


class _ReportRecords(Frozen):
    """What `to_json` writes."""

    provenance: Provenance
    """What produced the records."""
    slots: tuple[SlotRecord, ...]
    """One per slot."""
    interventions: tuple[InterventionRecord, ...]
    """One per proposal."""


@dataclass(frozen=True, slots=True)
class Report:
    """The records of one generation.

    Attributes:
        slots: One per slot, in the order they were met.
        interventions: One per proposal that was tried, kept or rolled back.
        provenance: What produced them.
        readouts: The tensors of each slot, if `GuardConfig.keep_readouts` is set; else empty.
        sink_failures: Records that a sink failed to take.
        transcripts: Prompt and answer of each row, if `GuardConfig.capture_text` is set; else empty.
        longest_hold_back: Most tokens that a streamer waited for at one time; 0 without a streamer.
        unfinished: Rows that ended (by their length or a stopping criterion) in the middle of a known value.
    """

    slots: tuple[SlotRecord, ...]
    interventions: tuple[InterventionRecord, ...]
    provenance: Provenance
    readouts: tuple[Readout, ...] = ()
    sink_failures: int = 0
    transcripts: tuple[Transcript, ...] = ()
    longest_hold_back: int = 0
    unfinished: tuple[int, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every slot ended with the verdict `ok` or `repaired`."""
        return all(slot.passed for slot in self.slots)

    def row(self, index: int) -> tuple[SlotRecord, ...]:
        """Return the slots of one row of the batch."""
        return tuple(slot for slot in self.slots if slot.row == index)

    def to_json(self, *, text: bool = True, indent: int | None = None) -> str:
        """Return the records as JSON, with neither tensors nor transcripts.

        Args:
            text: Keep keys, values and tokens; without them the result holds no prompt text.
            indent: Spaces per level, for reading.
        """
        slots, interventions = self._records(text)
        data = _ReportRecords(provenance=self.provenance, slots=slots, interventions=interventions)
        return data.model_dump_json(indent=indent)

    def to_html(self, *, text: bool = True) -> str:
        """Return one HTML page, for a person: it fetches nothing, runs nothing, and shows all text as text.

        Without transcripts, records are shown and no prompt text, and the page says so.

        Args:
            text: Show prompt, answer, keys, values and tokens; without them the page holds no prompt text.
        """
        shown = text and bool(self.transcripts)
        return render_page(*self._records(shown), self.provenance, self.transcripts if shown else ())

    def _repr_html_(self) -> str:
        return render_fragment(*self._records(bool(self.transcripts)), self.provenance, self.transcripts)

    def _records(self, text: bool) -> tuple[tuple[SlotRecord, ...], tuple[InterventionRecord, ...]]:
        if text:
            return self.slots, self.interventions
        return tuple(s.without_text() for s in self.slots), tuple(i.without_text() for i in self.interventions)
