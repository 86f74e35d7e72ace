"""Resolves which binding a slot should take its value from: what is asked, and of whom."""

from __future__ import annotations

from guardbind.targets.agreement import Agreement
from guardbind.targets.by_key import Resolution, resolve
from guardbind.targets.place import Place
from guardbind.targets.query import Query, read_query
from guardbind.targets.question_bits import AskedRecord, QuestionBits
from guardbind.targets.unread_statements import UnreadStatement, UnreadStatements

__all__ = [
    "Agreement",
    "AskedRecord",
    "Place",
    "Query",
    "QuestionBits",
    "Resolution",
    "UnreadStatement",
    "UnreadStatements",
    "read_query",
    "resolve",
]
