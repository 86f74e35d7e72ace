"""Tells keys and values from running text."""

from __future__ import annotations

import re
from functools import cache

from guardbind.text.language import Language
from guardbind.text.layout import Layout, Span
from guardbind.text.values import classify

__all__ = ["LONGEST_VALUE", "in_request", "is_key", "is_placeholder", "is_value", "trim"]

LONGEST_VALUE = 200
"""A value with more characters is a passage, and not bound."""

_LONGEST_TEXT = 8  # words
_LONGEST_RUN = 24  # characters, where no spaces part them
_UPPER_WORD = re.compile(r"[A-Z]{2,}")
_PAIRS = {'"': '"', "'": "'", "`": "`", "*": "*", "_": "_", "[": "]", "(": ")", "<": ">", "{": "}"}
_PAIRS |= {"\u201c": "\u201d", "\u2018": "\u2019", "\u00ab": "\u00bb", "\u300c": "\u300d"}
_STRUCTURES = "[({<"


def is_key(key: str, language: Language) -> bool:
    """Whether a string can name something: it has a letter, and no word of a clause."""
    return (
        any(char.isalpha() for char in key)
        and not _clausal(key, language)
        and not language.statements.request.match(key)
    )


def is_placeholder(text: str, span: Span, language: Language) -> bool:
    """Whether a value of a text only says where a value is to stand: `<value>`, `{name}`, `...`."""
    start, end = span
    value = text[start:end].strip()
    if _placeholder(language).fullmatch(value):
        return classify(value.strip("<>{}")).type == "text"
    around = text[start - 1 : start] + text[end : end + 1]
    return around in ("<>", "{}") and classify(value).type == "text"


@cache
def _placeholder(language: Language) -> re.Pattern[str]:
    words = language.statements.placeholder
    return re.compile(rf"<[^<>]{{0,80}}>|\{{[^{{}}]{{0,80}}\}}|\.{{3,80}}|\u2026|_{{3,80}}|{words}")


def in_request(text: str, place: int, layout: Layout, language: Language) -> bool:
    """Whether a place is in a question or a request ("Tell me the status of order #20391.")."""
    start = layout.unit_start(place)
    while start < place and text[start] in " \t-*>":
        start += 1
    return bool(language.statements.request.match(text, start)) or layout.in_question(place)


def is_value(value: str, language: Language) -> bool:
    """Whether a string is a value: typed, or a few words that are no clause, no question and no sentence."""
    if len(value) > LONGEST_VALUE or value == "null" or not _balanced(value):
        return False
    if not any(char.isalnum() for char in value):
        return False
    if classify(value).type != "text":
        return True
    if value[-1] in "?\u061f\uff1f:=":
        return False
    if not language.marks.spaced:
        return len(value) <= _LONGEST_RUN and not _clausal(value, language)
    words = value.split()
    return len(words) <= _LONGEST_TEXT and (len(words) == 1 or not _clausal(value, language))


def _balanced(value: str) -> bool:
    """Whether no bracket of a structure is open at one end of a value."""
    return all(value.count(left) == value.count(right) for left, right in ("[]", "{}"))


def _clausal(text: str, language: Language) -> bool:
    # "IT" is the name of something, and so are "May" and "Will".
    names = language.statements.clause_names
    words = (match.group() for match in language.statements.clause.finditer(text))
    return any(not _UPPER_WORD.fullmatch(word) and word not in names for word in words)


def trim(text: str, span: Span) -> Span | None:
    """Take white space, one closing point and one pair of quotes, brackets or marks of emphasis off a value.

    Returns:
        What remains; None where nothing does, or where brackets hold a list or are not closed.
    """
    start, end = _strip(text, *span)
    if end - start > 1 and text[end - 1] in ".,;\u3002\uff0c\uff1b" and text[end - 2 : end] != "..":
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
