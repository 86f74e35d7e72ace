"""Builds what the report's page shows out of records and transcripts: words and numbers, no markup."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from guardbind.events import InterventionRecord, Provenance, SlotRecord
from guardbind.report.marks import MarkedPiece
from guardbind.report.transcript import Transcript

__all__ = [
    "ItemView",
    "PageView",
    "RowView",
    "ShownCell",
    "ShownTable",
    "SlotView",
    "TextView",
    "VerdictView",
    "number",
    "quoted",
    "table",
    "verdict",
]

_VERDICTS = {
    "ok": ("✓", "rests on the target's evidence"),
    "repaired": ("↻", "another value was replaced by the target's"),
    "gate_failure": ("⊘", "stage 2A: no value is coming"),
    "binding_failure": ("✗", "stage 2B: another value is coming"),
    "unsupported": ("≈", "the right token, resting on no evidence"),
    "absent": ("∅", "the prompt does not state the target"),
    "unresolved": ("…", "not judged"),
}
_NUMBERS = frozenset({"bits", "p", "p without evidence", "p1", "p0", "bits observed", "required"})


@dataclass(frozen=True, slots=True)
class VerdictView:
    """A verdict, known by its sign and words as well as by its colour."""

    name: str
    sign: str
    words: str
    meaning: str


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell of a table; `code` is a token or a value, written out."""

    text: str
    code: bool = False


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A table with its caption; `words` says of each column whether it holds words, which stand at the left."""

    caption: str
    headings: tuple[str, ...]
    words: tuple[bool, ...]
    lines: tuple[tuple[ShownCell, ...], ...]


@dataclass(frozen=True, slots=True)
class SlotView:
    """One slot: its line, and the tables that open under it.

    Attributes:
        place: Its number in the row, from 1.
        verdict: The verdict on the model's own token.
        final_verdict: The verdict after the action; None where it is the same.
        facts: The rest of its line.
        own: The model's own token, written out; None without text.
        written: What was written, where it is another.
        reason: Why the verdict is what it is.
        tables: The numbers behind it.
        tried: What was tried.
        opened: Whether something was wrong or done, so that it is shown at once.
    """

    place: int
    verdict: VerdictView
    final_verdict: VerdictView | None
    facts: tuple[str, ...]
    own: ShownCell | None
    written: ShownCell | None
    reason: str
    tables: tuple[ShownTable, ...]
    tried: ShownTable | None
    opened: bool


@dataclass(frozen=True, slots=True)
class ItemView:
    """One declared binding, in its colour."""

    text: str
    colour: int


@dataclass(frozen=True, slots=True)
class TextView:
    """The text of a row: the prompt with its evidence, what was declared, the answer with its slots."""

    prompt: tuple[MarkedPiece, ...]
    items: tuple[ItemView, ...]
    answer: tuple[MarkedPiece, ...]


@dataclass(frozen=True, slots=True)
class RowView:
    """One row of the batch; `text` is None where none was kept."""

    index: int
    text: TextView | None
    slots: tuple[SlotView, ...]


@dataclass(frozen=True, slots=True)
class PageView:
    """All that is shown of one generation.

    Attributes:
        counts: How many rows and slots.
        ends: How many slots ended with each verdict.
        tried: What became of the interventions; empty without any.
        met: The verdicts that occur, for the legend.
        rows: The rows of the batch.
        origin: What produced the records, by name.
        texts: Whether prompts and answers are shown.
        slots: Whether there are any slots.
    """

    counts: tuple[str, ...]
    ends: tuple[tuple[int, VerdictView], ...]
    tried: str
    met: tuple[VerdictView, ...]
    rows: tuple[RowView, ...]
    origin: tuple[tuple[str, str], ...]
    texts: bool
    slots: bool

    @classmethod
    def of(
        cls,
        slots: Sequence[SlotRecord],
        interventions: Sequence[InterventionRecord],
        provenance: Provenance,
        transcripts: Sequence[Transcript],
        rows: Sequence[RowView],
    ) -> PageView:
        """Sum up a generation around its rows.

        Args:
            slots: The slots of all rows.
            interventions: What was tried at them.
            provenance: What produced them.
            transcripts: One per row; none where no text is shown.
            rows: The rows, as they are shown.
        """
        kept = sum(record.kept for record in interventions)
        tried = f"{_count(kept, 'intervention')} kept, {len(interventions) - kept} rolled back"
        met = dict.fromkeys(name for slot in slots for name in (slot.verdict, slot.final_verdict))
        return cls(
            counts=(*([_count(len(transcripts), "row")] if transcripts else ()), _count(len(slots), "slot")),
            ends=tuple((size, verdict(name)) for name, size in Counter(slot.final_verdict for slot in slots).items()),
            tried=tried if interventions else "",
            met=tuple(verdict(name) for name in met),
            rows=tuple(rows),
            origin=tuple((name.replace("_", " "), str(value)) for name, value in provenance if value is not None),
            texts=bool(transcripts),
            slots=bool(slots),
        )


def verdict(name: str) -> VerdictView:
    """Return a verdict as it is shown.

    Example:
        >>> shown = verdict("binding_failure")
        >>> shown.sign, shown.words
        ('✗', 'binding failure')
    """
    sign, meaning = _VERDICTS[name]
    return VerdictView(name, sign, name.replace("_", " "), meaning)


def quoted(text: str | None) -> ShownCell:
    """Return a token or a value with what would not be seen of it written out, a dash where there is none.

    Example:
        >>> print(quoted("42 ").text, quoted(None).text)
        '42 ' –
    """
    return ShownCell("–") if text is None else ShownCell(repr(text), code=True)


def number(value: float | None, form: str = "+z.1f") -> str:
    """Return a number, a dash where there is none.

    Example:
        >>> number(4.25), number(float("-inf")), number(None)
        ('+4.2', '-∞', '–')
    """
    if value is None or math.isnan(value):
        return "–"
    return format(value, form) if math.isfinite(value) else ("+∞" if value > 0 else "-∞")


def table(caption: str, headings: Sequence[str], lines: Sequence[Sequence[str | ShownCell]]) -> ShownTable | None:
    """Return a table, None without lines."""
    if not lines:
        return None
    cells = tuple(tuple(ShownCell(cell) if isinstance(cell, str) else cell for cell in line) for line in lines)
    return ShownTable(caption, tuple(headings), tuple(heading not in _NUMBERS for heading in headings), cells)


def _count(size: int, what: str) -> str:
    return f"{size} {what}{'' if size == 1 else 's'}"
