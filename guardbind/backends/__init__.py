"""Reads a model that is asked from outside: what it can return, and what its answers leave open."""

from __future__ import annotations

from guardbind.backends.protocol import (
    Abilities,
    Backend,
    Completion,
    Constraint,
    ContinuationScore,
    NextToken,
    PromptRequest,
    PromptScorer,
    PromptTokens,
    Spent,
)

__all__ = [
    "Abilities",
    "Backend",
    "Completion",
    "Constraint",
    "ContinuationScore",
    "NextToken",
    "PromptRequest",
    "PromptScorer",
    "PromptTokens",
    "Spent",
]
