"""Registers the provider `guardbind`, whose models are called `guardbind/NAME`; loaded by inspect_ai's entry points."""

from __future__ import annotations

from inspect_ai.model import ModelAPI, modelapi

__all__ = ["guardbind"]


@modelapi(name="guardbind")
def guardbind() -> type[ModelAPI]:
    """Return the class of the provider; here and not above, so that looking for providers imports no torch."""
    from guardbind_adapters.inspect_ai.guarded import GuardedAPI

    return GuardedAPI
