"""Bindings read out of texts, chat messages and objects, each with its place and the rule that found it."""

from __future__ import annotations

from guardbind.extraction.combine import DEFAULT_RULES, RULES, extract
from guardbind.extraction.prompt import extract_prompt
from guardbind.extraction.table import Extracted, ExtractedTable
from guardbind.extraction.types import Block, Found, Pattern, Rule
from guardbind.extraction.values import Typed, ValueType, classify, spellings

__all__ = [
    "DEFAULT_RULES",
    "RULES",
    "Block",
    "Extracted",
    "ExtractedTable",
    "Found",
    "Pattern",
    "Rule",
    "Typed",
    "ValueType",
    "classify",
    "extract",
    "extract_prompt",
    "spellings",
]
