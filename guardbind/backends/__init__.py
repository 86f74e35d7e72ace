"""Reads a model that is asked from outside: what it can return, and what its answers leave open."""

from __future__ import annotations

from guardbind.backends.protocol import (
    Abilities,
    PromptRequest,
    Backend,
    Constraint,
    NextToken,
    ContinuationScore,
    Spent,
    Completion,
)

__all__ = [
    "Abilities",
    "PromptRequest",
    "Backend",
    "Constraint",
    "NextToken",
    "ContinuationScore",
    "Spent",
    "Completion",
]
