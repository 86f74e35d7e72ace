"""Renders an audit as one page that fetches nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guardbind.auditing.judged import ClaimVerdict, JudgedClaim, RangeRecord
from guardbind.report.html import template
from guardbind.report.view import ShownCell, ShownTable, VerdictView, number

if TYPE_CHECKING:
    from guardbind.auditing.report import AuditReport, VerifierRecord

__all__ = ["AuditPage", "claim_note", "render_audit", "verifier_sentence"]

_VERDICTS: dict[ClaimVerdict, tuple[str, str]] = {
    "supported": ("✓", "the evidence makes it reliable, or the context binds this value"),
    "contradicted": ("✗", "the evidence speaks against it, or the context binds another value"),
    "under_budget": ("≈", "the evidence raises the belief, and not enough"),
    "unsupported": ("∅", "what it cites does not carry it"),
    "undecided": ("…", "not to be told"),
}
_BINDINGS = {
    "agrees": "the context binds this value",
    "differs": "the context binds another value",
    "unresolved": "nothing says which value is meant",
    "none": "no value",
}
_SHOWN = 4  # spans, and characters of each, that are shown where a pointer rests
_SHOWN_CHARS = 160


@dataclass(frozen=True, slots=True)
class _AnswerPiece:
    """A part of the answer; without a verdict it is no claim."""

    text: str
    verdict: VerdictView | None = None
    note: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class _ClaimView:
    """One claim as it is shown below the answer."""

    id: str
    text: str
    verdict: VerdictView
    reason: str
    differ: bool
    cited: tuple[str, ...]
    facts: tuple[str, ...]
    tables: tuple[ShownTable, ...]


@dataclass(frozen=True, slots=True)
class AuditPage:
    """All that the page shows.

    Attributes:
        verifier: The verifier and its own accuracy, in a sentence.
        able: Whether it may certify; None without one.
        stopped: Why it was asked no more; None where it answered to the end.
        counts: How many claims ended with each verdict.
        met: Verdicts that occur.
        question: What was asked.
        answer: The answer in pieces.
        follows: Whether it follows, and why.
        claims: The claims.
        spans: The context: id, kind, text.
        notes: What could not be done.
        cost: What it cost.
    """

    verifier: str
    able: bool | None
    stopped: str | None
    counts: tuple[tuple[int, VerdictView], ...]
    met: tuple[VerdictView, ...]
    question: str | None
    answer: tuple[_AnswerPiece, ...]
    follows: str
    claims: tuple[_ClaimView, ...]
    spans: tuple[tuple[str, str, str], ...]
    notes: tuple[str, ...]
    cost: str


def render_audit(report: AuditReport) -> str:
    """Return the page of an audit."""
    return template("audit.html.j2", "guardbind.auditing").render(page=_page(report))


def verifier_sentence(verifier: VerifierRecord | None) -> str:
    """Return in a sentence which verifier judged and how well it does on items with known answers."""
    if verifier is None:
        return "No verifier: only what the context binds was checked, exactly and without a model."
    name = f"Verifier {verifier.model} ({verifier.backend})"
    if verifier.accuracy is None or verifier.interval is None or verifier.p_value is None:
        return f"{name}: no calibration items were asked, so it certifies nothing."
    items = f"{verifier.items} {verifier.language.title()} calibration items"
    sentence = (
        f"{name}: {verifier.correct} of {items} right, {verifier.accuracy:.0%} "
        f"[{verifier.interval.low:.0%}, {verifier.interval.high:.0%}], chance {verifier.chance:.0%}, "
        f"p = {verifier.p_value:.2g}; {verifier.false_yes or 0.0:.0%} of NO and UNSURE items got a YES."
    )
    if verifier.able:
        return sentence
    return f"{sentence} It is not shown to be better than chance: it is no verifier, and certifies nothing."


def claim_note(judged: JudgedClaim, spans: Mapping[str, str]) -> str:
    """Return what is shown of a claim where a pointer rests on it: verdict, spans, bits, and both judgements."""
    parts = [f"{judged.claim.id}: {judged.verdict.replace('_', ' ')}", judged.reason]
    cited = ", ".join((*judged.claim.citations, *(f"{name} (not there)" for name in judged.claim.unknown)))
    parts.append(f"cites {cited or 'nothing'}")
    if judged.reading is not None:
        worst = judged.reading.worst_budget
        parts.append(
            f"verifier: p1 {_range(judged.reading.p1)}, p0 {_range(judged.reading.p0)}, "
            f"{_range(worst.observed_bits, '+.2f')} of {_range(worst.required_bits, '.2f')} bits under {worst.null}"
        )
        if judged.reading.carried_by:
            parts.append(f"carried by {judged.reading.carried_by}")
    if judged.binding is not None:
        parts.append(f"binding table: {_BINDINGS[judged.binding.state]}")
    shown = [f"{name}: {_short(spans[name])}" for name in judged.claim.citations[:_SHOWN] if name in spans]
    return "\n".join(("; ".join(parts), *shown))


def _page(report: AuditReport) -> AuditPage:
    counts = report.counts
    cost = report.cost
    tokens = "unknown" if cost.prompt_tokens is None else f"{cost.prompt_tokens:,}"
    return AuditPage(
        verifier=verifier_sentence(report.verifier),
        able=None if report.verifier is None else report.verifier.able,
        stopped=report.stopped,
        counts=tuple((size, _verdict(name)) for name, size in counts.items()),
        met=tuple(_verdict(name) for name in _VERDICTS if name in counts),
        question=report.trace.question,
        answer=tuple(_pieces(report)),
        follows=f"{report.answer.follows} ({report.answer.reason})"
        + (f". From the supported claims alone: {report.answer.executed}" if report.answer.executed else ""),
        claims=tuple(_claim(judged) for judged in report.claims),
        spans=tuple((span.id, span.kind, span.text) for span in report.spans),
        notes=report.notes,
        cost=f"{cost.requests} requests, {tokens} tokens read, {cost.seconds:.1f} s",
    )


def _pieces(report: AuditReport) -> Iterator[_AnswerPiece]:
    """Yield the answer in pieces; of a trace without a text, its claims one below the other."""
    answer, reached = report.trace.answer, 0
    spans = {span.id: span.text for span in report.spans}
    for judged in report.claims:
        start, stop = judged.claim.start, judged.claim.stop
        if not answer or start is None or stop is None or start < reached:
            start, stop, shown = reached, reached, judged.claim.text
            yield _AnswerPiece(shown, _verdict(judged.verdict), claim_note(judged, spans), judged.claim.id)
            yield _AnswerPiece("\n")
            continue
        yield _AnswerPiece(answer[reached:start])
        yield _AnswerPiece(answer[start:stop], _verdict(judged.verdict), claim_note(judged, spans), judged.claim.id)
        reached = stop
    yield _AnswerPiece(answer[reached:])
    if report.trace.final is not None:
        yield _AnswerPiece(f"Answer: {report.trace.final}")


def _claim(judged: JudgedClaim) -> _ClaimView:
    reading, binding = judged.reading, judged.binding
    facts: list[str] = []
    tables: list[ShownTable] = []
    if binding is not None:
        said = f"binding table: {_BINDINGS[binding.state]}"
        if binding.bound is not None:
            said += f" ({binding.key}: {binding.bound}; written: {binding.written})"
        facts.append(said)
    if reading is not None:
        facts.append(f"verifier alone: {judged.by_verifier.replace('_', ' ')}")
        facts.append(f"p1 {_range(reading.p1)}, NO {_range(reading.no)}, UNSURE {_range(reading.unsure)}")
        facts.append(
            f"p1 ≥ τ = {reading.tau:g}: {reading.trivial}; "
            f"published rule: {'flags it' if reading.published_flag else 'passes it'}"
        )
        facts.append(f"carried by {reading.carried_by}" if reading.carried_by else "no span is seen to carry it")
        lines = [
            (
                ShownCell(budget.null.replace("_", " ")),
                ShownCell(_range(budget.p0)),
                ShownCell(_range(budget.observed_bits, "+.2f")),
                ShownCell(_range(budget.required_bits, ".2f")),
                ShownCell(budget.sufficient),
            )
            for budget in reading.nulls
        ]
        headings = ("null", "p0", "bits observed", "required", "suffices")
        tables.append(ShownTable("Budget", headings, (True, False, False, False, True), tuple(lines)))
        if reading.shares:
            shares = [
                (ShownCell(share.span), ShownCell(_range(share.p1)), ShownCell(_range(share.bits, "+.2f")))
                for share in reading.shares
            ]
            headings_ = ("without", "p1", "bits lost")
            tables.append(ShownTable("One span left out", headings_, (True, False, False), tuple(shares)))
    cited = (*judged.claim.citations, *(f"{name} (not in the context)" for name in judged.claim.unknown))
    return _ClaimView(
        judged.claim.id,
        judged.claim.text,
        _verdict(judged.verdict),
        judged.reason,
        judged.differ,
        cited,
        tuple(facts),
        tuple(tables),
    )


def _verdict(name: ClaimVerdict) -> VerdictView:
    sign, meaning = _VERDICTS[name]
    return VerdictView(name, sign, name.replace("_", " "), meaning)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARS else f"{line[: _SHOWN_CHARS - 1]}…"


def _range(bounds: RangeRecord, form: str = ".3f") -> str:
    low, high = number(bounds.low, form), number(bounds.high, form)
    return low if low == high else f"{low}…{high}"
