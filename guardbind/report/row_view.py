"""Builds what the report's page shows of one row: its text with the marks on it, and each slot with its numbers."""

from __future__ import annotations

from collections.abc import Sequence

from guardbind.events import InterventionRecord, SlotRecord
from guardbind.evidence import Located
from guardbind.report.marks import Mark, cut
from guardbind.report.transcript import Transcript
from guardbind.report.view import (
    ItemView,
    RowView,
    ShownCell,
    ShownTable,
    SlotView,
    TextView,
    number,
    quoted,
    table,
    verdict,
)

__all__ = ["COLOURS", "RowBuilder"]

COLOURS = 6
"""Bindings that have a colour of their own in the style; further ones begin again and are told apart by number."""


class RowBuilder:
    """Builds the view of one row of the batch.

    Args:
        index: Its place in the batch.
        slots: Its slots, in the order they were met.
        interventions: What was tried at them.
        transcript: Its text, if it was kept.
    """

    def __init__(
        self,
        index: int,
        slots: Sequence[SlotRecord],
        interventions: Sequence[InterventionRecord],
        transcript: Transcript | None,
    ) -> None:
        self._index = index
        self._slots = slots
        self._interventions = interventions
        self._transcript = transcript

    def build(self) -> RowView:
        """Return the view."""
        slots = tuple(self._slot(place, slot) for place, slot in enumerate(self._slots, start=1))
        return RowView(self._index, None if self._transcript is None else self._text(self._transcript), slots)

    def _text(self, transcript: Transcript) -> TextView:
        text, end = transcript.text, transcript.prompt_end
        return TextView(
            prompt=tuple(cut(text, self._statements(transcript), 0, end)),
            items=self._items(transcript),
            answer=tuple(cut(text, [*self._values(transcript), *self._written(transcript)], end, len(text))),
        )

    def _items(self, transcript: Transcript) -> tuple[ItemView, ...]:
        targets = {slot.target for slot in self._slots}
        told = []
        for item in transcript.items:
            notes = ["target"] if item.index in targets else []
            notes += ["not in the prompt"] if item.absent else []
            tail = f" ({', '.join(notes)})" if notes else ""
            told.append(ItemView(_binding(item) + tail, item.index % COLOURS))
        return tuple(told)

    def _statements(self, transcript: Transcript) -> list[Mark]:
        targets = {slot.target for slot in self._slots}
        marks = []
        for item in transcript.items:
            note = self._about(item)
            role = " target" if item.index in targets else ""
            for mention in item.mentions:
                told = f"{note}\nfound by: {mention.rule}"
                marks.append(Mark(*mention.chars, f"evidence item{item.index % COLOURS}{role}", told, f"#{item.index}"))
                if not item.evidence:
                    marks.append(Mark(*mention.value_chars, "bound", told))
        return marks

    def _about(self, item: Located) -> str:
        lines = [_binding(item)]
        for place, slot in enumerate(self._slots, start=1):
            bits = slot.bits_by_binding[item.index] if item.index < len(slot.bits_by_binding) else None
            read = "not measured" if bits is None else f"{number(bits)} bits"
            lines.append(f"slot {place}, {slot.token_text!r}: {read}{', target' if slot.target == item.index else ''}")
        return "\n".join(lines)

    def _written(self, transcript: Transcript) -> list[Mark]:
        """Mark what was written at each slot: a token, or a restatement where one was written into the answer."""
        marks = []
        for place, slot in enumerate(self._slots, start=1):
            inserted = sum(record.tokens_inserted for record in self._tried(slot) if record.kept)
            tokens = transcript.tokens[slot.step : slot.step + max(1, inserted)]
            start, end = (tokens[0][0], tokens[-1][1]) if tokens else (len(transcript.text),) * 2
            marks.append(Mark(start, end, f"slot {slot.final_verdict}", self._note(place, slot), _sign(place, slot)))
        return marks

    def _values(self, transcript: Transcript) -> list[Mark]:
        """Mark the whole of each declared value that a slot stands in."""
        text, marks = transcript.text, []
        tokens = [transcript.tokens[slot.step] for slot in self._slots if slot.step < len(transcript.tokens)]
        for item in transcript.items:
            for surface in () if item.value is None else (item.value, *item.aliases):
                start = text.find(surface, transcript.prompt_end)
                while start >= 0:
                    end = start + len(surface)
                    if any(left < end and right > start for left, right in tokens):
                        marks.append(Mark(start, end, "value", f"the value of {_binding(item)}"))
                    start = text.find(surface, start + 1)
        return marks

    def _tried(self, slot: SlotRecord) -> list[InterventionRecord]:
        return [record for record in self._interventions if record.step == slot.step]

    def _note(self, place: int, slot: SlotRecord) -> str:
        end = "" if slot.final_verdict == slot.verdict else f" → {slot.final_verdict}"
        lines = [
            f"slot {place}: {slot.verdict}{end}",
            f"action: {slot.action}; the model's own token: {slot.token_text!r}",
            f"target: {'none' if slot.target is None else f'#{slot.target} {slot.key}'}",
            f"evidence bits of its own token: {number(slot.evidence_bits)}",
        ]
        lines += [] if slot.replaced is None else [f"replaced: #{slot.replaced}{self._name(slot.replaced)}"]
        lines += [f"  #{i}: {number(bits)}" for i, bits in enumerate(slot.bits_by_binding) if bits is not None]
        alive = [c for c in slot.candidates if c.probability is not None]
        told = (f"  {c.value}: p {number(c.probability, '.3g')}, {number(c.evidence_bits)} bits" for c in alive)
        lines += ["candidates:", *told] if alive else []
        lines.append(slot.reason)
        return "\n".join(lines)

    def _slot(self, place: int, slot: SlotRecord) -> SlotView:
        facts = [f"step {slot.step}, {slot.kind}"]
        if slot.target is not None:
            facts.append(f"target #{slot.target}{'' if slot.key is None else f' {slot.key}'}")
        if slot.grounds:
            facts.append(f"grounds: {slot.grounds}")
        facts.append(f"action: {slot.action}")
        if slot.replaced is not None:
            facts.append(f"replaced #{slot.replaced}{self._name(slot.replaced)}")
        after = next((number(record.bits_after) for record in self._tried(slot) if record.kept), None)
        facts.append(f"bits {number(slot.evidence_bits)}{'' if after is None else f' → {after}'}")
        if slot.available is not None:
            facts.append(f"in the residual of layer {slot.available_layer}: {number(slot.available, '.2f')}")
        own = written = None
        if slot.token_text is not None:
            own, final = quoted(slot.token_text), self._final(slot)
            written = None if own == final else final
        return SlotView(
            place=place,
            verdict=verdict(slot.verdict),
            final_verdict=None if slot.final_verdict == slot.verdict else verdict(slot.final_verdict),
            facts=tuple(facts),
            own=own,
            written=written,
            reason=slot.reason,
            tables=tuple(shown for shown in self._numbers(slot) if shown is not None),
            tried=self._tries(slot),
            opened=slot.action != "none" or not slot.passed,
        )

    def _final(self, slot: SlotRecord) -> ShownCell:
        """Return what was written at a slot, also where it was drawn and the record cannot say."""
        tokens = () if self._transcript is None else self._transcript.tokens
        if slot.final_text is not None or self._transcript is None or slot.step >= len(tokens):
            return quoted(slot.final_text)
        return quoted(self._transcript.text[slice(*tokens[slot.step])])

    def _numbers(self, slot: SlotRecord) -> tuple[ShownTable | None, ...]:
        bits = [
            [f"#{i}{self._name(i)}", number(value), _role(slot, i)]
            for i, value in enumerate(slot.bits_by_binding)
            if value is not None
        ]
        candidates = [
            [
                f"candidate {c.index}" if c.value is None else quoted(c.value),
                number(c.probability, ".3g"),
                number(c.pseudo_prior, ".3g"),
                number(c.evidence_bits),
            ]
            for c in slot.candidates
        ]
        budgets = [
            [what, number(b.p1, ".3g"), number(b.p0, ".3g"), number(b.observed_bits), number(b.required_bits)]
            for what, b in (("own token", slot.budget), ("written", slot.final_budget))
            if b is not None
        ]
        return (
            table("Evidence bits of the own token, by binding", ["binding", "bits", ""], bits),
            table("Candidates", ["value", "p", "p without evidence", "bits"], candidates),
            table("Budget", ["", "p1", "p0", "bits observed", "required"], budgets),
        )

    def _name(self, index: int) -> str:
        items = () if self._transcript is None else self._transcript.items
        return f" {items[index].key}" if index < len(items) else ""

    def _tries(self, slot: SlotRecord) -> ShownTable | None:
        lines = [
            [
                record.action,
                "✓ kept" if record.kept else "✗ rolled back",
                quoted(record.text_after),
                number(record.bits_after),
                record.reason,
            ]
            for record in self._tried(slot)
        ]
        return table("Interventions tried", ["action", "outcome", "token", "bits", "why"], lines)


def _binding(item: Located) -> str:
    return f"#{item.index} {item.key}" + ("" if item.value is None else f" = {item.value}")


def _role(slot: SlotRecord, item: int) -> str:
    return ", ".join(word for word, index in (("target", slot.target), ("rests on it", slot.rests_on)) if index == item)


def _sign(place: int, slot: SlotRecord) -> str:
    before = "" if slot.verdict == slot.final_verdict else f"{verdict(slot.verdict).sign}→"
    return f"{place}\u2009{before}{verdict(slot.final_verdict).sign}"
