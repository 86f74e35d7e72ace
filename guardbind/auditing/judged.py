"""Defines what an audit says of one claim: what the verifier measured, what the binding table says, and the verdict."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict

from guardbind.auditing.trace import TraceClaim
from guardbind.frozen import Frozen
from guardbind.information.intervals import Interval
from guardbind.information.partial import Decision

__all__ = [
    "AuditNull",
    "BindingJudgement",
    "BindingState",
    "ClaimReading",
    "ClaimVerdict",
    "JudgedClaim",
    "NullBudget",
    "RangeRecord",
    "SpanShare",
]

ClaimVerdict = Literal["supported", "contradicted", "under_budget", "unsupported", "undecided"]
"""What an audit ends with for a claim."""

BindingState = Literal["agrees", "differs", "unresolved", "none"]
"""Whether a claim states the value that the context binds, another one, one that nothing tells, or no value at all."""

AuditNull = Literal["redact", "delete", "same_length", "no_evidence", "mask"]
"""How the cited spans are taken away: their texts become a placeholder, nothing (their names stay), or neutral words;
`no_evidence` leaves out every span with its name, and `mask` hides columns from a local model."""


class RangeRecord(Frozen):
    """A number that is known as a range; its ends are equal where it is exact. Infinite ends are written as strings."""

    model_config = ConfigDict(ser_json_inf_nan="strings")

    low: float
    """Lower end."""
    high: float
    """Upper end."""

    @classmethod
    def of(cls, interval: Interval) -> RangeRecord:
        """Return an interval as a record."""
        return cls(low=interval.low, high=interval.high)

    @property
    def interval(self) -> Interval:
        """The range as the formulas take it."""
        return Interval(self.low, self.high)

    @property
    def exact(self) -> bool:
        """Whether both ends are one number, up to the rounding of what was read."""
        return self.high - self.low < 1e-3


class NullBudget(Frozen):
    """The budget of a claim under one null; every range holds the number at every corner of its box."""

    null: AuditNull
    """How the evidence was taken away."""
    p0: RangeRecord
    """Probability of YES without the evidence."""
    no: RangeRecord
    """Probability of NO without the evidence."""
    observed_bits: RangeRecord
    """Signed KL(Ber(p1) || Ber(p0)); negative where the evidence speaks against the claim."""
    required_bits: RangeRecord
    """KL(Ber(tau) || Ber(p0)), 0 where the null reaches tau by itself."""
    margin_bits: RangeRecord
    """Observed less required; ≥ 0 suffices."""
    sufficient: Decision
    """Whether the margin is ≥ 0 in the whole box."""
    published_flag: bool
    """Whether the published rule flags it: unsigned, and only if it is surely under budget."""


class SpanShare(Frozen):
    """What one span contributes: the claim is read once more without it."""

    span: str
    """Id of the span."""
    p1: RangeRecord
    """Probability of YES with all its spans but this one."""
    bits: RangeRecord
    """log2 of the probability with it to the probability without it."""


class ClaimReading(Frozen):
    """What the verifier measured for a claim."""

    p1: RangeRecord
    """Probability of YES with the cited spans shown."""
    no: RangeRecord
    """Probability of NO with them."""
    unsure: RangeRecord
    """Probability of UNSURE with them."""
    tau: float
    """Reliability asked for."""
    nulls: tuple[NullBudget, ...]
    """The budget under each null."""
    worst: AuditNull
    """The null with the least margin at the worst corner."""
    p0: RangeRecord
    """Range of the pseudo-prior over the family."""
    sufficient: Decision
    """Whether the signed budget suffices under every null, at every corner."""
    relies: Decision
    """Whether no null reaches tau by itself, so that the claim is seen to rest on the evidence."""
    refuted: Decision
    """The same budget for the answer NO: whether the evidence makes it reliable, under every null."""
    trivial: Decision
    """The trivial rule p1 ≥ tau, which looks at no null."""
    published_flag: bool
    """Whether the published rule flags it under any null (its envelope)."""
    shares: tuple[SpanShare, ...] = ()
    """What each span contributes; of many, the few among which the one is that carries the claim. Empty where there is
    only one, or where nothing shows that one carries it."""
    carried_by: str | None = None
    """The span that carries the claim; None where none does, or it cannot be told."""

    @property
    def worst_budget(self) -> NullBudget:
        """The budget under the worst null."""
        return next(budget for budget in self.nulls if budget.null == self.worst)


class BindingJudgement(Frozen):
    """What the binding table says of a claim, exactly and without a model."""

    state: BindingState
    """Whether the value is the one that the context binds."""
    key: str | None = None
    """What it is the value of (prompt text)."""
    written: str | None = None
    """The value that the claim states (answer text)."""
    bound: str | None = None
    """The value that the context binds (prompt text)."""
    whose: str | None = None
    """What else in the context the written value belongs to (prompt text); None where it stands nowhere."""
    spans: tuple[str, ...] = ()
    """Ids of the spans that state the bound value."""
    cited: bool | None = None
    """Whether one of these is cited; None where the claim cites nothing, or nothing is bound."""
    reason: str = ""
    """Why; no prompt text."""


class JudgedClaim(Frozen):
    """A claim with both judgements and the verdict."""

    claim: TraceClaim
    """The claim."""
    verdict: ClaimVerdict
    """What the audit ends with."""
    reason: str
    """Why; no prompt text."""
    tested: tuple[str, ...]
    """Ids of the spans that it was tested against: those that it cites, or all."""
    reading: ClaimReading | None = None
    """What the verifier measured; None without a verifier, or where nothing could be asked."""
    binding: BindingJudgement | None = None
    """What the binding table says; None where it was not asked."""
    by_verifier: ClaimVerdict = "undecided"
    """What the verifier's reading alone says; `undecided` where the verifier cannot do the task."""
    differ: bool = False
    """Whether the two judgements say different things of the claim."""
