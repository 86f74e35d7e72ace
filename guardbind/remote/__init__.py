"""Guards a model that is only reachable from outside, by further requests."""

from __future__ import annotations

from guardbind.remote.guard import ApiGuard, ApiOutput
from guardbind.remote.settings import ApiGuardConfig

__all__ = ["ApiGuard", "ApiGuardConfig", "ApiOutput"]
