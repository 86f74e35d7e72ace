"""Says which binding a slot should take its value from: the words, the model's own reading, or both."""

from __future__ import annotations

from guardbind.resolvers.resolver import Resolver

__all__ = ["Resolver"]
