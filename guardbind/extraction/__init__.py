"""Reads bindings out of texts, chat messages and objects, each with its place and the rule that found it."""

from __future__ import annotations

from guardbind.extraction.combine import DEFAULT_RULES, extract
from guardbind.extraction.extracted import Extracted, ExtractedTable
from guardbind.extraction.in_prompt import extract_prompt
from guardbind.extraction.rule import Block, Found, Pattern, Rule, WordedRule
from guardbind.text.values import Typed, ValueType, classify, spellings

__all__ = [
    "DEFAULT_RULES",
    "Block",
    "Extracted",
    "ExtractedTable",
    "Found",
    "Pattern",
    "Rule",
    "Typed",
    "ValueType",
    "WordedRule",
    "classify",
    "extract",
    "extract_prompt",
    "spellings",
]
