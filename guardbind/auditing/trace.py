"""Defines what is audited: the spans of a context, and claims that cite them."""

from __future__ import annotations

from typing import Literal

from guardbind.frozen import Frozen

__all__ = ["AuditTrace", "ContextSpan", "SpanKind", "TraceClaim", "TraceFormat"]

SpanKind = Literal["text", "record", "question", "instruction", "heading", "empty"]
"""What a span is: only `text` and `record` assert something."""

TraceFormat = Literal["json", "text", "chat"]


class ContextSpan(Frozen):
    """A part of the context that a claim can cite."""

    id: str
    """Its name in the audit, as `S1`."""
    text: str
    """What it says, as it is written (prompt text)."""
    kind: SpanKind = "text"
    """What it is; a claim cannot rest on a question, an instruction, a heading or nothing."""
    names: tuple[str, ...] = ()
    """Other names by which it is cited: the number of a reference, the id of a document or of a tool call."""
    source: str | None = None
    """Who said it: the role of its turn, as `tool`; None where nothing says so."""
    part: int = 0
    """Which of the texts of the context it stands in."""
    start: int = 0
    """Where it begins in that text, in characters."""
    stop: int = 0
    """Where it ends."""

    @property
    def asserts(self) -> bool:
        """Whether it says that something is so."""
        return self.kind in ("text", "record")


class TraceClaim(Frozen):
    """One thing that a trace or an answer says to be so."""

    id: str
    """Its name in the audit, as `C1`."""
    text: str
    """What it says, without its citations (answer text)."""
    citations: tuple[str, ...] = ()
    """Ids of the spans that it cites, in the order of the text."""
    unknown: tuple[str, ...] = ()
    """What it cites that is no span of the context, as it is written."""
    confidence: float | None = None
    """How sure the trace says to be, in [0, 1]; 0 is not the same as nothing said."""
    kind: str | None = None
    """What the trace calls it, as `copy`, `deduce`, `arithmetic`, `assumption`."""
    start: int | None = None
    """Where it begins in the answer, in characters; None where it does not stand there."""
    stop: int | None = None
    """Where it ends in the answer, citations included."""

    @property
    def cites(self) -> bool:
        """Whether it cites anything, known or not."""
        return bool(self.citations or self.unknown)


class AuditTrace(Frozen):
    """What was written: claims, the answer that they lead to, and what was asked."""

    claims: tuple[TraceClaim, ...]
    """The claims, in the order in which they are made."""
    answer: str = ""
    """The text that the claims stand in, or the answer that a trace ends with; empty where there is none."""
    final: str | None = None
    """The conclusion of the trace where it names one apart from its claims; None where the answer is the claims."""
    question: str | None = None
    """What was asked, where the trace says so."""
    format: TraceFormat = "json"
    """How it was written."""
    notes: tuple[str, ...] = ()
    """What could not be read, and what was left out."""
