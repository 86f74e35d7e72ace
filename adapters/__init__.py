"""Where guardbind meets other people's code: models and weights, engines, sinks. Imported as `guardbind.adapters`."""

from __future__ import annotations

from .models import MODELS, load, resolve

__all__ = ["MODELS", "load", "resolve"]
