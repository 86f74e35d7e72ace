"""Decides what is done about a verdict: a policy yields proposals, the first that a second readout confirms is kept."""

from __future__ import annotations

from guardbind.policies.custom import as_policy
from guardbind.policies.proposal import Policy, Proposal, Slot
from guardbind.policies.verify import Verification, verify

__all__ = ["Policy", "Proposal", "Slot", "Verification", "as_policy", "verify"]
