"""Decides what is done about a verdict: a policy yields proposals, the first that a second readout confirms is kept."""

from __future__ import annotations

from guardbind.policies.custom import as_policy, policy_name
from guardbind.policies.proposal import (
    Attempt,
    Follow,
    NoToken,
    Policy,
    Proposal,
    Raise,
    Restate,
    Stop,
    Verification,
    Write,
    verify,
)
from guardbind.policies.slot import Restatement, Slot
from guardbind.policies.verdict import Judgement

__all__ = [
    "Attempt",
    "Follow",
    "Judgement",
    "NoToken",
    "Policy",
    "Proposal",
    "Raise",
    "Restate",
    "Restatement",
    "Slot",
    "Stop",
    "Verification",
    "Write",
    "as_policy",
    "policy_name",
    "verify",
]
