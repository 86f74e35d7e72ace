"""Defines the records of an audit: one per claim, one at its end.

A record holds text of the trace or of its context only in the fields that `without_text` clears.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field

from guardbind.events.outside import Bounds, CostRecord
from guardbind.events.records import Provenance
from guardbind.frozen import Frozen

__all__ = ["AUDIT_EVENTS", "AuditClaimRecord", "AuditEndRecord", "AuditEvent"]

AUDIT_EVENTS = ("audit_claim", "audit")
"""What `event` says in these records."""


class AuditClaimRecord(Frozen):
    """One claim of an audited trace, with its verdict."""

    event: Literal["audit_claim"] = "audit_claim"
    """Kind of the record."""
    claim: str
    """Name of the claim in the audit, as `C1`."""
    verdict: str
    """What the audit ends with, as `supported`; see `ClaimVerdict`."""
    by_verifier: str
    """What the verifier's reading alone says."""
    binding: str
    """What the binding table says, as `agrees`; see `BindingState`."""
    differ: bool
    """Whether the two say different things."""
    cited: int
    """Spans that it cites."""
    unknown: int
    """What it cites that is not in the context."""
    tested: int
    """Spans that it was tested against."""
    tau: float | None = None
    """Reliability that it needs; None where no verifier was asked."""
    null: str | None = None
    """The null with the least margin."""
    p1: Bounds | None = None
    """Probability of YES with the evidence."""
    p0: Bounds | None = None
    """The same under the nulls, over all of them."""
    observed_bits: Bounds | None = None
    """Signed bits that were observed, under that null."""
    margin_bits: Bounds | None = None
    """Observed less required bits, under that null."""
    carried_by: str | None = None
    """Id of the span that carries the claim."""
    text: str | None = None
    """The claim (answer text)."""
    reason: str = ""
    """Why; no text of trace or context."""
    provenance: Provenance | None = None
    """What produced the record; `generation` is the id that the records of one audit share."""

    def without_text(self) -> Self:
        """Return a copy that holds no text."""
        return self.model_copy(update={"text": None})


class AuditEndRecord(Frozen):
    """The end of one audit, also of one that raised."""

    event: Literal["audit"] = "audit"
    """Kind of the record."""
    claims: int
    """Claims that were judged."""
    verdicts: dict[str, int]
    """How many ended with each verdict."""
    spans: int
    """Spans of the context."""
    follows: str | None
    """Whether the answer follows from the supported claims; None where the audit raised."""
    ok: bool
    """Whether every claim is supported and the answer does not fail to follow."""
    able: bool | None
    """Whether the verifier is better than chance; None without one."""
    accuracy: float | None
    """Its share of right answers to items with known answers."""
    seconds: float
    """How long the audit took."""
    error: str | None = None
    """Class of the error that ended it, or after which the verifier was asked no more; None where there was none."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Settings that are not the defaults, without sinks."""
    cost: CostRecord | None = None
    """What asking the verifier cost."""
    provenance: Provenance | None = None
    """What produced the record."""

    def without_text(self) -> Self:
        """Return the record itself: it holds no text."""
        return self


AuditEvent = AuditClaimRecord | AuditEndRecord
