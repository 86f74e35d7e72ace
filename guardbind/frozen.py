"""Bases what is configured or recorded on one pydantic model: frozen, closed, documented under each field."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Frozen"]


class Frozen(BaseModel):
    """Takes the fields it declares and no other, and changes none; the docstring under a field describes it."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
