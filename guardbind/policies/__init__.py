"""Verdict to action to verification: what is done about a slot, and whether it helped.

A policy yields proposals, the mildest first. Each is verified by a second readout; the first that holds is carried out,
the others are recorded as rolled back and change nothing.
"""

from __future__ import annotations

from guardbind.policies.types import Policy, Proposal, Slot
from guardbind.policies.verify import Verification, verify
from guardbind.registry import Registry

__all__ = ["POLICIES", "Policy", "Proposal", "Slot", "Verification", "as_policy", "verify"]

POLICIES: Registry[Policy] = Registry(
    "policy",
    {
        "abstain": "guardbind.policies.abstain:abstain",
        "auto": "guardbind.policies.auto:auto",
        "checkpoint": "guardbind.policies.checkpoint:checkpoint",
        "contrast": "guardbind.policies.contrast:contrast",
        "observe": "guardbind.policies.observe:observe",
        "raise": "guardbind.policies.raising:raise_",
        "veto": "guardbind.policies.veto:veto",
    },
)


def as_policy(policy: str | Policy) -> Policy:
    """Return the policy of that name, or a callable of the caller's.

    A callable is given the slot and returns a policy name, one proposal, several, or None for nothing.

    Raises:
        UnknownNameError: No policy has that name.
    """
    if isinstance(policy, str):
        return POLICIES.get(policy)
    from guardbind.policies.custom import custom

    return custom(policy)
