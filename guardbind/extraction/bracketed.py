"""Reads what brackets say of the name before them: `Lamp (Item ID: 6452271382) costs $258.84`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardbind.extraction.fields import fields_of
from guardbind.extraction.prose import in_request, is_key
from guardbind.extraction.rule import Block, Found, WordedRule
from guardbind.extraction.stance import counts
from guardbind.text.language import Language
from guardbind.text.layout import Layout, Span

__all__ = ["read"]

_BEFORE = 120  # characters before a bracket in which its name stands
_NAME_WORDS = 6
_BRACKET = re.compile(r"(?<=\S)[ \t]?[(\uff08](?P<inner>[^()\uff08\uff09\r\n]{3,200})[)\uff09]")
_SIGN = re.compile(r"[:=\uff1a]")
_CUT = re.compile(
    r"[,;:.!?|(){}\[\]<>=\uff1a\uff0c\u3002\uff1b\t](?:\s|\Z)|[|(){}\[\]<>=\uff1a\uff0c\u3002\uff1b\t]|[ ]{2,}"
)
_BULLET = re.compile(r"[ \t]{0,40}(?:>[ \t]?){0,3}(?:(?:[-*+\u2022\u2013]|#{1,6}|\d{1,3}[.)])[ \t]{1,8})?")
_WORD = re.compile(r"\S+")
_MARKS = "*_`\"'\u201c\u201d"


def _bracketed(text: str, language: Language) -> Iterator[Block]:
    """Find brackets that hold nothing but fields, behind a name that begins its clause or is written in capitals."""
    layout = Layout(text, language=language)
    for match in _BRACKET.finditer(text):
        if not _SIGN.search(match["inner"]):
            continue
        start, end = match.span("inner")
        fields = fields_of(text, start, end, layout, language)
        name = _name_before(text, match.start(), layout, language) if fields else None
        if name is None or in_request(text, start, layout, language):
            continue
        if not counts(text, (name[0], end), fields[0].value, layout, language):
            continue
        owner = text[slice(*name)]
        found = tuple(
            Found(
                (owner, field.name),
                field.value,
                field.span,
                None,
                language.possession(owner, field.name),
                "words",
                (name, field.key),
            )
            for field in fields
        )
        # Only the bracket is read: what the sentence says of the name besides is left to other rules.
        yield Block((start, end), found)


def _name_before(text: str, end: int, layout: Layout, language: Language) -> Span | None:
    """Return where the name stands that ends before a bracket."""
    low = max(layout.unit_start(end - 1), end - _BEFORE)
    opening = _BULLET.match(text, low, end)
    low = opening.end() if opening else low
    for cut in _CUT.finditer(text, low, end):
        if not layout.is_mere(cut.start()):
            low = cut.end()
    words = _phrase(text, [match.span() for match in _WORD.finditer(text, low, end)], language)
    if not words or len(words) > _NAME_WORDS:
        return None
    start, stop = words[0][0], words[-1][1]
    while start < stop and text[start] in _MARKS:
        start += 1
    while stop > start and text[stop - 1] in _MARKS:
        stop -= 1
    name = text[start:stop]
    return (start, stop) if name and name[0].isalnum() and is_key(name, language) else None


def _phrase(text: str, words: list[Span], language: Language) -> list[Span]:
    """Return the words of a name that end a clause: behind its article, or all, or those in capitals."""
    said = [text[slice(*word)] for word in words]
    low = [word.lower() for word in said]
    capital = [word.lstrip(_MARKS)[:1].isupper() or word[:1].isdecimal() for word in said]
    articles = [place for place, word in enumerate(low) if word in language.statements.determiners]
    begins = articles[-1] + 1 if articles else 0
    if not articles and not all(capital):
        names = len(said) - [*capital[::-1], False].index(False)
        plain = any(word in language.function_words for word in low)
        begins = names if plain or not capital[0] else 0
        before = low[begins - 1] if begins else language.marks.joining
        if before in language.function_words and before != language.marks.joining:
            return []  # "Trip in March (budget: 5)"
    return [] if any(word in language.function_words for word in low[begins:]) else words[begins:]


read = WordedRule(_bracketed, order=68, default=True)
"""The rule `bracketed`."""
