"""Reads bindings out of texts, chat messages and objects, each with its place and the rule that found it."""

from __future__ import annotations

from guardbind.extraction.chosen import default_rules
from guardbind.extraction.combine import extract
from guardbind.extraction.extracted import Extracted, ExtractedTable
from guardbind.extraction.in_prompt import extract_prompt
from guardbind.extraction.rule import Block, Found, Pattern, PlainRule, RegisteredRule, Rule, WordedRule
from guardbind.text.values import Typed, ValueType, classify, spellings

__all__ = [
    "Block",
    "Extracted",
    "ExtractedTable",
    "Found",
    "Pattern",
    "PlainRule",
    "RegisteredRule",
    "Rule",
    "Typed",
    "ValueType",
    "WordedRule",
    "classify",
    "default_rules",
    "extract",
    "extract_prompt",
    "spellings",
]
