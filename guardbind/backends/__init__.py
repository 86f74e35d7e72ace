"""Reads a model that is asked from outside: what it can return, and what its answers leave open."""

from __future__ import annotations

from guardbind.backends.protocol import (
    Abilities,
    Asked,
    Backend,
    Constraint,
    NextToken,
    Scored,
    Spent,
    Written,
)

__all__ = ["Abilities", "Asked", "Backend", "Constraint", "NextToken", "Scored", "Spent", "Written"]
