"""Audits a written answer or trace, claim by claim, against the spans of its context."""

from __future__ import annotations

from guardbind.auditing.audit import aaudit, audit
from guardbind.auditing.checking import check_verifier
from guardbind.auditing.judged import BindingJudgement, ClaimReading, ClaimVerdict, JudgedClaim, NullBudget
from guardbind.auditing.report import AnswerJudgement, AuditReport, VerifierRecord
from guardbind.auditing.settings import AuditConfig
from guardbind.auditing.trace import AuditTrace, ContextSpan, TraceClaim

__all__ = [
    "AnswerJudgement",
    "AuditConfig",
    "AuditReport",
    "AuditTrace",
    "BindingJudgement",
    "ClaimReading",
    "ClaimVerdict",
    "ContextSpan",
    "JudgedClaim",
    "NullBudget",
    "TraceClaim",
    "VerifierRecord",
    "aaudit",
    "audit",
    "check_verifier",
]
