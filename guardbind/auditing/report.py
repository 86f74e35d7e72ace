"""Holds what an audit found: every claim with its verdict, the verifier's own accuracy, and what answering cost."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from guardbind.auditing.judged import ClaimVerdict, JudgedClaim, RangeRecord
from guardbind.auditing.trace import AuditTrace, ContextSpan
from guardbind.frozen import Frozen

__all__ = ["AnswerJudgement", "AuditCost", "AuditReport", "LabelCounts", "VerifierRecord"]


class LabelCounts(Frozen):
    """What the verifier answered to calibration items of one kind."""

    items: int
    """Items that were asked."""
    correct: int
    """Items that it got right."""


class VerifierRecord(Frozen):
    """Whether the verifier can do the task: its answers to items whose labels are known."""

    backend: str
    """Kind of the backend, as `local`."""
    model: str
    """Name of the model."""
    items: int
    """Calibration items; 0 where they were not run."""
    correct: int
    """Items that it got right; an answer that the returned tokens leave open is wrong."""
    accuracy: float | None
    """Share of right answers; None without items."""
    interval: RangeRecord | None
    """Clopper–Pearson interval of that share, 95 %."""
    chance: float
    """Share that one answer to everything reaches."""
    p_value: float | None
    """Probability of so many right answers or more by chance (exact binomial test, one-sided)."""
    yes_p_value: float | None = None
    """Probability, by chance, of a YES that comes so much more often where it is right (Fisher's exact test)."""
    able: bool
    """Whether both are below the level, so that its readings may certify."""
    false_yes: float | None = None
    """Share of NO and UNSURE items to which it answers YES."""
    passed: LabelCounts | None = None
    """Items that it gives YES a probability of at least tau, and how many of these are YES items."""
    by_label: dict[str, LabelCounts] = Field(default_factory=dict)
    """By the right answer."""
    by_domain: dict[str, LabelCounts] = Field(default_factory=dict)
    """By domain."""
    label_mass: float | None = None
    """Mean probability that it gives to the three answers together; the rest is something else."""
    seed: int | None = None
    """Seed of the items."""
    language: str = "english"
    """What the items are written in: of another language its accuracy says nothing."""


class AnswerJudgement(Frozen):
    """Whether the written answer follows from the claims that are supported."""

    follows: Literal["yes", "no", "undecided"]
    """Whether it does."""
    reason: str
    """Why; no prompt text."""
    premises: tuple[str, ...] = ()
    """Ids of the claims that it was answered from."""
    executed: str | None = None
    """What the executor answers from them (answer text); None where it was not asked."""


class AuditCost(Frozen):
    """What the audit cost."""

    requests: int = 0
    """Requests that were sent."""
    prompt_tokens: int | None = 0
    """Tokens that were read; None where the backend does not say."""
    new_tokens: int | None = 0
    """Tokens that were written; None where the backend does not say."""
    cached: int = 0
    """Requests that were answered from the client's cache."""
    seconds: float = 0.0
    """Seconds that the backend took."""
    lookups: int = 0
    """Requests among them that had the model read nothing: texts turned into tokens and back."""


class AuditReport(Frozen):
    """What an audit found."""

    trace: AuditTrace
    """What was audited."""
    spans: tuple[ContextSpan, ...]
    """The context, in spans."""
    claims: tuple[JudgedClaim, ...]
    """One per claim, in the order of the trace."""
    verifier: VerifierRecord | None
    """The verifier; None without one."""
    answer: AnswerJudgement
    """Whether the written answer follows."""
    tau: float
    """Least reliability that was asked for."""
    language: str = "english"
    """What the context was read as."""
    cost: AuditCost = AuditCost()
    """What it cost, calibration included."""
    settings: dict[str, object] = Field(default_factory=dict)
    """Settings that are not the defaults."""
    stopped: str | None = None
    """The error after which the verifier was asked no more; None where it answered to the end."""
    notes: tuple[str, ...] = ()
    """What could not be done, and why."""
    guardbind: str = ""
    """Version of guardbind."""

    @property
    def counts(self) -> dict[ClaimVerdict, int]:
        """How many claims ended with each verdict; verdicts that none has are left out."""
        found: dict[ClaimVerdict, int] = {}
        for judged in self.claims:
            found[judged.verdict] = found.get(judged.verdict, 0) + 1
        return found

    @property
    def ok(self) -> bool:
        """Whether every claim is supported and the answer does not fail to follow from them."""
        return bool(self.claims) and self.counts == {"supported": len(self.claims)} and self.answer.follows != "no"

    def to_json(self, *, indent: int | None = None) -> str:
        """Return the report as JSON; it holds the context and the answer. Infinite bits are written as strings."""
        return self.model_dump_json(indent=indent)

    def to_html(self) -> str:
        """Return a page that fetches nothing and runs nothing: the answer, each claim coloured by its verdict."""
        # Here and not above: the page is made of the report.
        from guardbind.auditing.page import render_audit

        return render_audit(self)
