"""A policy of the caller's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from guardbind.errors import ConfigError
from guardbind.policies.types import Policy, Proposal, Slot

__all__ = ["custom"]


def custom(decide: Callable[[Slot], Any]) -> Policy:
    """Turn a callable into a policy.

    Args:
        decide: Takes the slot; returns the name of a policy, a proposal, several, or None for nothing.

    Returns:
        The policy; it raises `ConfigError` when the callable returns anything else.
    """

    def policy(slot: Slot) -> Iterable[Proposal]:
        from guardbind.policies import POLICIES

        decision = decide(slot)
        if decision is None:
            return ()
        if isinstance(decision, str):
            return POLICIES.get(decision)(slot)
        if isinstance(decision, Proposal):
            return (decision,)
        if isinstance(decision, Iterable):
            proposals = list(decision)
            if all(isinstance(proposal, Proposal) for proposal in proposals):
                return proposals
        raise ConfigError(
            f"the policy returned {type(decision).__name__}; a policy name, a Proposal, several or None is accepted."
        )

    return policy
