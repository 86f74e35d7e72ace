"""What tells a key and a value from running text."""

from __future__ import annotations

import re

from guardbind.extraction.rule import Span
from guardbind.text.values import classify

__all__ = ["LONGEST_VALUE", "in_request", "is_abbreviation", "is_key", "is_placeholder", "is_value", "trim"]

LONGEST_VALUE = 200
"""A value with more characters is a passage, and not bound."""

_LONGEST_TEXT = 8  # words
# Words that make a clause of what stands beside a colon: "he said: we will see".
_CLAUSE = re.compile(
    r"(?<![\w'’.@-])(?:i|we|you|he|she|they|it|this|that|there|is|are|was|were|am|be|been|has|have|had|will|would|can|could|"
    r"should|shall|must|may|might|does|did|said|says|say|asked|replied|please)(?![\w.@-])",
    re.IGNORECASE,
)
_TITLES = frozenset({"Mrs", "Prof"})
_UPPER_WORD = re.compile(r"[A-Z]{2,}")
_PAIRS = {'"': '"', "'": "'", "`": "`", "*": "*", "_": "_", "[": "]", "(": ")", "<": ">", "{": "}"}
_PAIRS |= {"\u201c": "\u201d", "\u2018": "\u2019", "\u00ab": "\u00bb", "\u300c": "\u300d"}
_STRUCTURES = "[({<"
# What an instruction begins with. Alone some of these words are nouns ("Return date: 3 May").
_REQUEST = re.compile(
    r"(?:please\b|(?:reply|answer|respond|return|write|give|tell|show|find|print|output|say|state|list|report|name|repeat|"
    r"quote|use|look)[ \t](?:in|with|as|the|an?|me|us|only|using|exactly|by|to|up|for)\b)",
    re.IGNORECASE,
)
_SENTENCE_START = re.compile(r"[.!?\u061f][\"'\u201d)]?[ \t]|[\r\n\u2028\u2029]")
_SENTENCE_END = re.compile(r"[.!?\u061f](?=[\s\"')\u201d]|\Z)|[\r\n\u2028\u2029]")
_SENTENCE = 400  # characters of a sentence that are looked at, to either side
_PLACEHOLDER = re.compile(r"<[^<>]{0,80}>|\{[^{}]{0,80}\}|\.{3,80}|\u2026|_{3,80}|VALUE|ANSWER")


def is_abbreviation(before: str) -> bool:
    """Whether the dot behind a few characters belongs to an initial or a title ("J. Doe", "St. Mary")."""
    words = before.split()
    if not words:
        return False
    return words[-1][0].isupper() and ((len(words[-1]) <= 2 and words[-1].isalpha()) or words[-1] in _TITLES)


def is_key(key: str) -> bool:
    """Whether a string can name something: it has a letter, and no word of a clause."""
    return any(char.isalpha() for char in key) and not _clausal(key) and not _REQUEST.match(key)


def is_placeholder(text: str, span: Span) -> bool:
    """Whether a value of a text only says where a value is to stand: `<value>`, `{name}`, `...`."""
    start, end = span
    value = text[start:end].strip()
    if _PLACEHOLDER.fullmatch(value):
        return classify(value.strip("<>{}")).type == "text"
    around = text[start - 1 : start] + text[end : end + 1]
    return around in ("<>", "{}") and classify(value).type == "text"


def in_request(text: str, place: int) -> bool:
    """Whether a place is in a question or a request ("Tell me the status of order #20391.")."""
    start = max(0, place - _SENTENCE)
    for match in _SENTENCE_START.finditer(text, start, place):
        start = match.end()
    while start < place and text[start] in " \t-*>":
        start += 1
    ending = _SENTENCE_END.search(text, place, place + _SENTENCE)
    return bool(_REQUEST.match(text, start)) or (ending is not None and ending.group() in ("?", "\u061f"))


def is_value(value: str) -> bool:
    """Whether a string is a value: typed, or a few words that are no clause, no question and no sentence."""
    if len(value) > LONGEST_VALUE or value == "null" or not _balanced(value):
        return False
    if not any(char.isalnum() for char in value):
        return False
    if classify(value).type != "text":
        return True
    if value[-1] in "?\u061f\uff1f:=":
        return False
    words = value.split()
    return len(words) <= _LONGEST_TEXT and (len(words) == 1 or not _clausal(value))


def _balanced(value: str) -> bool:
    """Whether no bracket of a structure is open at one end of a value."""
    return all(value.count(left) == value.count(right) for left, right in ("[]", "{}"))


def _clausal(text: str) -> bool:
    # "IT" is the name of something, and so are "May" and "Will".
    words = (match.group() for match in _CLAUSE.finditer(text))
    return any(not _UPPER_WORD.fullmatch(word) and word not in ("May", "Will") for word in words)


def trim(text: str, span: Span) -> Span | None:
    """Take white space, one closing point and one pair of quotes, brackets or marks of emphasis off a value.

    Returns:
        What remains; None where nothing does, or where brackets hold a list or are not closed.
    """
    start, end = _strip(text, *span)
    if end - start > 1 and text[end - 1] in ".,;" and text[end - 2 : end] != "..":
        start, end = _strip(text, start, end - 1)
    while end - start > 1 and _PAIRS.get(text[start]) == text[end - 1]:
        inner = text[start + 1 : end - 1]
        if text[start] in _STRUCTURES and any(char in inner for char in ",:;|=[({<"):
            return None
        if text[start] in inner or text[end - 1] in inner:
            break
        start, end = _strip(text, start + 1, end - 1)
    return (start, end) if start < end and text[start] not in "[{" else None


def _strip(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
