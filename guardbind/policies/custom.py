"""Turns a policy's name, or a callable of the caller's, into a policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from guardbind.errors import ConfigError
from guardbind.policies.proposal import Attempt, Policy
from guardbind.policies.slot import Slot
from guardbind.registry import POLICIES

__all__ = ["as_policy", "policy_name"]


def as_policy(policy: str | Callable[[Slot], Any]) -> Policy:
    """Return the policy of that name, or one that asks a callable.

    Args:
        policy: A registered name, or a callable that is given the slot and returns a policy name, one proposal,
            several, or None for nothing; the policy raises `ConfigError` when it returns anything else.

    Raises:
        UnknownNameError: No policy has that name.
    """
    if isinstance(policy, str):
        named: Policy = POLICIES.get(policy)
        return named
    return lambda slot: _decided(policy(slot), slot)


def policy_name(policy: str | Callable[[Slot], Any]) -> str:
    """Return what records call a policy: its name, or that of the function or class that it is.

    >>> policy_name("auto"), policy_name(as_policy)
    ('auto', 'as_policy')
    """
    return policy if isinstance(policy, str) else str(getattr(policy, "__name__", type(policy).__name__))


def _decided(decision: object, slot: Slot) -> Iterable[Attempt]:
    if decision is None:
        return ()
    if isinstance(decision, str):
        return as_policy(decision)(slot)
    if isinstance(decision, Attempt):
        return (decision,)
    if isinstance(decision, Sequence):
        return list(_accepted(decision))
    if isinstance(decision, Iterable):
        # One by one: what comes after a proposal that holds is never asked for.
        return _accepted(decision)
    raise _not_accepted(decision)


def _accepted(decisions: Iterable[object]) -> Iterator[Attempt]:
    for decision in decisions:
        if not isinstance(decision, Attempt):
            raise _not_accepted(decision)
        yield decision


def _not_accepted(decision: object) -> ConfigError:
    return ConfigError(
        f"the policy returned {type(decision).__name__}; a policy name, a Proposal, several or None is accepted."
    )
