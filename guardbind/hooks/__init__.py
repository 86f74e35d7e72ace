"""Where a model is read: the only package that knows `torch.nn.Module`."""

from __future__ import annotations

from guardbind.hooks.tap import ModelTap, Reading

__all__ = ["ModelTap", "Reading"]
