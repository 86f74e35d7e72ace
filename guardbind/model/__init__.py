"""Reads a model: the only room that knows `torch.nn`, and what differs between versions of transformers."""

from __future__ import annotations

from guardbind.model.forward import Module
from guardbind.model.tap import ModelTap, Reading

__all__ = ["ModelTap", "Module", "Reading"]
