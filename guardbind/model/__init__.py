"""Reads a model: the only room that knows `torch.nn`, and what differs between versions of transformers."""

from __future__ import annotations

from guardbind.model.forward import Module
from guardbind.model.language_model import LanguageModel
from guardbind.model.tap import ModelTap, Reading

__all__ = ["LanguageModel", "ModelTap", "Module", "Reading"]
