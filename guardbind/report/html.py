"""A report as one HTML page, or as the part of one that a notebook shows; it fetches nothing and runs nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from guardbind.events import InterventionRecord, Provenance, SlotRecord
from guardbind.evidence import Located
from guardbind.report.markup import Mark, element, escape, number, paint, quoted
from guardbind.report.style import COLOURS, STYLE
from guardbind.report.transcript import Transcript

__all__ = ["render_fragment", "render_page"]

_SIGNS = {
    "ok": "✓",
    "gate_failure": "⊘",
    "binding_failure": "✗",
    "unsupported": "≈",
    "absent": "∅",
    "unresolved": "…",
}
_MEANINGS = {
    "ok": "rests on the target's evidence",
    "gate_failure": "stage 2A: no value is coming",
    "binding_failure": "stage 2B: another value is coming",
    "unsupported": "the right token, resting on no evidence",
    "absent": "the prompt does not state the target",
    "unresolved": "not judged",
}
_NUMBERS = frozenset({"bits", "p", "p without evidence", "p1", "p0", "bits observed", "required"})
_RECORDS_ONLY = (
    "Records only: this report holds no prompt text, so prompt, answer, keys and values are not shown. Bindings appear "
    "by their number; a row without a slot has no record. GuardConfig(capture_text=True) keeps the text."
)
_NO_SLOT = "No slot: the model began none of the declared values, so nothing was measured and nothing was changed."
_BITS = "+n bits: the evidence makes the token 2ⁿ times as likely; below 0 it speaks against the token."
_HOVER = "Hover over a mark for its numbers."


def render_page(
    slots: Sequence[SlotRecord],
    interventions: Sequence[InterventionRecord],
    provenance: Provenance,
    transcripts: Sequence[Transcript],
) -> str:
    """Return a whole page; see `render_fragment`."""
    body = _body(slots, interventions, provenance, transcripts, "guardbind page")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>guardbind report</title>\n'
        f"</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def render_fragment(
    slots: Sequence[SlotRecord],
    interventions: Sequence[InterventionRecord],
    provenance: Provenance,
    transcripts: Sequence[Transcript],
) -> str:
    """Return one element that brings its style.

    Args:
        slots: The slots of all rows.
        interventions: What was tried at them.
        provenance: What produced them.
        transcripts: One per row; without any, nothing is shown but the records, which then should hold no text.
    """
    return _body(slots, interventions, provenance, transcripts, "guardbind")


def _body(
    slots: Sequence[SlotRecord],
    interventions: Sequence[InterventionRecord],
    provenance: Provenance,
    transcripts: Sequence[Transcript],
    classes: str,
) -> str:
    texts = {transcript.row: transcript for transcript in transcripts}
    rows = [
        _Row(
            index,
            [slot for slot in slots if slot.row == index],
            [record for record in interventions if record.row == index],
            texts.get(index),
        ).render()
        for index in sorted({*texts, *(slot.row for slot in slots)})
    ]
    parts = [
        f"<style>{STYLE}</style>",
        "<h1>guardbind report</h1>",
        element("p", _summary(slots, interventions, transcripts)),
        "" if transcripts else element("p", _RECORDS_ONLY, "notice"),
        "" if slots or transcripts else element("p", _NO_SLOT),
        _legend(slots, hover=bool(transcripts)),
        *rows,
        _origin(provenance),
    ]
    return element("div", "\n".join(filter(None, parts)), classes)


def _count(size: int, what: str) -> str:
    return f"{size} {what}{'' if size == 1 else 's'}"


def _summary(
    slots: Sequence[SlotRecord], interventions: Sequence[InterventionRecord], transcripts: Sequence[Transcript]
) -> str:
    ends = Counter(slot.final_verdict for slot in slots)
    kept = sum(record.kept for record in interventions)
    told = [_count(len(transcripts), "row")] if transcripts else []
    told.append(_count(len(slots), "slot"))
    told += [f"{size} ended {_verdict(verdict)}" for verdict, size in ends.items()]
    told += [f"{_count(kept, 'intervention')} kept, {len(interventions) - kept} rolled back"] if interventions else []
    return " · ".join(told)


def _verdict(verdict: str) -> str:
    return element("b", f"{_SIGNS[verdict]} {verdict.replace('_', ' ')}", verdict)


def _legend(slots: Sequence[SlotRecord], *, hover: bool) -> str:
    met = dict.fromkeys(verdict for slot in slots for verdict in (slot.verdict, slot.final_verdict))
    told = [f"{_verdict(verdict)} {_MEANINGS[verdict]}" for verdict in met]
    shown = f"{'. '.join([*told, _BITS])}{f' {_HOVER}' if hover else ''}"
    return element("p", shown, "faint") if told else ""


def _origin(provenance: Provenance) -> str:
    lines = [
        f'<tr><th class="words">{name.replace("_", " ")}</th><td class="words">{escape(str(value))}</td></tr>'
        for name, value in provenance
        if value is not None
    ]
    return f"<details><summary>Where this comes from</summary><table>{''.join(lines)}</table></details>"


class _Row:
    """One row of the batch.

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

    def render(self) -> str:
        heading = element("h2", f"Row {self._index}")
        slots = "".join(self._slot(place, slot) for place, slot in enumerate(self._slots, start=1))
        found = f"<h3>Slots</h3>{slots}" if slots else element("p", _NO_SLOT)
        return element("section", heading + ("" if self._transcript is None else self._text(self._transcript)) + found)

    def _text(self, transcript: Transcript) -> str:
        text, end = transcript.text, transcript.prompt_end
        prompt = paint(text, self._statements(transcript), 0, end)
        answer = paint(text, [*self._values(transcript), *self._written(transcript)], end, len(text))
        return (
            f"<h3>Prompt, with the evidence of each binding</h3>{element('div', prompt, 'text prompt', dir='auto')}"
            f"{self._items(transcript)}"
            f"<h3>Answer, with its slots</h3>{element('div', answer, 'text answer', dir='auto')}"
        )

    def _items(self, transcript: Transcript) -> str:
        targets = {slot.target for slot in self._slots}
        told = []
        for item in transcript.items:
            notes = ["target"] if item.index in targets else []
            notes += ["not in the prompt"] if item.absent else []
            tail = f" ({', '.join(notes)})" if notes else ""
            told.append(element("li", escape(_binding(item) + tail), f"item{item.index % COLOURS}"))
        return element("ul", "".join(told), "items")

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
        lines += [f"  #{i}: {number(bits)}" for i, bits in enumerate(slot.bits_by_binding) if bits is not None]
        alive = [c for c in slot.candidates if c.probability is not None]
        told = (f"  {c.value}: p {number(c.probability, '.3g')}, {number(c.evidence_bits)} bits" for c in alive)
        lines += ["candidates:", *told] if alive else []
        lines.append(slot.reason)
        return "\n".join(lines)

    def _slot(self, place: int, slot: SlotRecord) -> str:
        end = "" if slot.final_verdict == slot.verdict else f" → {_verdict(slot.final_verdict)}"
        head = [f"{place}. {_verdict(slot.verdict)}{end}", f"step {slot.step}, {escape(slot.kind)}"]
        if slot.target is not None:
            head.append(f"target #{slot.target}{'' if slot.key is None else ' ' + escape(slot.key)}")
        head.append(f"action: {escape(slot.action)}")
        after = next((number(record.bits_after) for record in self._tried(slot) if record.kept), None)
        head.append(f"bits {number(slot.evidence_bits)}{'' if after is None else f' → {after}'}")
        if slot.token_text is not None:
            own, final = quoted(slot.token_text), self._final(slot)
            head.append(f"wrote {own}" if own == final else f"own token {own}, written {final}")
        body = [element("p", escape(slot.reason)), element("div", self._numbers(slot), "tables"), self._tries(slot)]
        opened = " open" if slot.action != "none" or slot.final_verdict != "ok" else ""
        return f"<details{opened}><summary>{' · '.join(head)}</summary>{''.join(body)}</details>"

    def _final(self, slot: SlotRecord) -> str:
        """Return what was written at a slot, also where it was drawn and the record cannot say."""
        tokens = () if self._transcript is None else self._transcript.tokens
        if slot.final_text is not None or self._transcript is None or slot.step >= len(tokens):
            return quoted(slot.final_text)
        return quoted(self._transcript.text[slice(*tokens[slot.step])])

    def _numbers(self, slot: SlotRecord) -> str:
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
            _table("Evidence bits of the own token, by binding", ["binding", "bits", ""], bits)
            + _table("Candidates", ["value", "p", "p without evidence", "bits"], candidates)
            + _table("Budget", ["", "p1", "p0", "bits observed", "required"], budgets)
        )

    def _name(self, index: int) -> str:
        items = () if self._transcript is None else self._transcript.items
        return f" {escape(items[index].key)}" if index < len(items) else ""

    def _tries(self, slot: SlotRecord) -> str:
        lines = [
            [
                escape(record.action),
                "✓ kept" if record.kept else "✗ rolled back",
                quoted(record.text_after),
                number(record.bits_after),
                escape(record.reason),
            ]
            for record in self._tried(slot)
        ]
        return _table("Interventions tried", ["action", "outcome", "token", "bits", "why"], lines)


def _binding(item: Located) -> str:
    return f"#{item.index} {item.key}" + ("" if item.value is None else f" = {item.value}")


def _role(slot: SlotRecord, item: int) -> str:
    return ", ".join(word for word, index in (("target", slot.target), ("rests on it", slot.rests_on)) if index == item)


def _sign(place: int, slot: SlotRecord) -> str:
    before = "" if slot.verdict == slot.final_verdict else f"{_SIGNS[slot.verdict]}→"
    return f"{place}\u2009{before}{_SIGNS[slot.final_verdict]}"


def _table(caption: str, headings: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a table of cells that are HTML already, its words at the left; without lines, nothing."""
    if not lines:
        return ""
    sides = ["" if heading in _NUMBERS else "words" for heading in headings]
    head = "".join(element("th", heading, side) for heading, side in zip(headings, sides, strict=True))
    rows = ("".join(element("td", cell, side) for cell, side in zip(line, sides, strict=True)) for line in lines)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
