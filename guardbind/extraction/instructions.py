"""Finds what is an instruction and no evidence: the part that asks, forms to be filled in, examples with answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from guardbind.extraction.prose import in_request, is_value
from guardbind.extraction.rule import Block, WordedRule
from guardbind.text.language import Language
from guardbind.text.layout import Layout, Span, longest, occurrences
from guardbind.text.values import classify

__all__ = ["read", "unread"]

_ASKING = 4  # lines before an empty field that may belong to the question
_LONGEST = 2000  # characters of a form or of an example
_NEAR = 80  # characters between a form and what introduces it
_BLANK = re.compile(r"\r?\n[ \t]*\r?\n")
_LINE = re.compile(r"[^\r\n]+")
_FIELD = re.compile(
    r"[ \t]*(?P<key>[^\W\d_][^:=\uff1a\uff1d\r\n]{0,60}?)[ \t]*[:=\uff1a\uff1d][ \t]*(?P<value>[^\r\n]{0,120}?)[ \t]*\Z"
)
_FORM = re.compile(r"[{\[](?=\s{0,20}[\"'{\[])")
_BRACKET = re.compile(r"[{}\[\]]")
_LABEL = re.compile(
    r"(?:\A|(?<=[\r\n]))[ \t]{0,8}(?:[-*>#]{1,6}[ \t]{1,4})?[*_]{0,2}(?P<label>[^\W\d_]{1,16})[ \t]?\d{0,3}[*_]{0,2}"
    r"[:\uff1a][*_]{0,2}(?P<said>[^\r\n]*)"
)
_WORDS = re.compile(r"[^\"'`{}\[\]<>@\d]{0,80}")
_QUOTES = "\"'`*\u201c\u201d "


def unread(text: str, language: Language) -> list[Span]:
    """Return the parts of a text that no statement is read from, in textual order; they are disjoint."""
    return list(_UNREAD.of(text, language))


class _LastUnread:
    """Keeps what was found in the last text: two rules ask for it, one after the other."""

    def __init__(self) -> None:
        self._last: tuple[str, Language, tuple[Span, ...]] | None = None

    def of(self, text: str, language: Language) -> tuple[Span, ...]:
        last = self._last
        if last is None or last[0] is not text or last[1] is not language:
            self._last = last = text, language, tuple(_unread(text, language))
        return last[2]


_UNREAD = _LastUnread()


def _unread(text: str, language: Language) -> list[Span]:
    layout = Layout(text, language=language)
    found = [
        *_asking(text, language),
        *_forms(text, layout, language),
        *_examples(text, language),
        *_pairs(text, language),
    ]
    return sorted(longest(found))


def _asking(text: str, language: Language) -> Iterator[Span]:
    """Find the fields before an empty one at the end: `Key: "Bob"`, `Corresponding value:`."""
    end = len(text.rstrip())
    start = max(0, end - _LONGEST)
    blank = [match.end() for match in _BLANK.finditer(text, start, end)]
    start = max([start, *blank[-1:]])
    lines = [match.span() for match in _LINE.finditer(text, start, end)][-_ASKING - 1 :]
    last = _FIELD.match(text[slice(*lines[-1])]) if lines else None
    if last is None or last["value"]:
        return
    above = lines[:-1]
    before = text[:start] if blank else ""
    asking: list[Span] = []
    for low, high in reversed(above):
        field = _FIELD.match(text[low:high])
        value = field["value"].strip(_QUOTES) if field else ""
        if field is None or not value or field["key"].casefold() == last["key"].casefold():
            break
        stated = before.strip() and occurrences(before, [value])
        named = is_value(value, language) and classify(value).type in ("text", "id")
        alone = named and bool(before.strip()) and len(lines) == 2
        again = text.find(text[low:high].strip(), 0, low) >= 0
        if not (stated or alone or again):
            break
        asking.append((low, high))
    if asking:
        yield asking[-1][0], end


def _forms(text: str, layout: Layout, language: Language) -> Iterator[Span]:
    """Find data that an instruction gives as a form or an example."""
    said = language.forms
    reached = 0
    for opening in _FORM.finditer(text):
        at = opening.start()
        if at < reached:
            continue
        low = max(reached, at - _NEAR)
        gaps = [gap.end() for gap in _BLANK.finditer(text, low, at)]
        low = max([low, *gaps[-1:]])
        word = _last(said.template, text, low, at)
        if word is None and (word := _last(said.asked_form, text, low, at)) is not None:
            word = word if in_request(text, word, layout, language) else None
        if word is None:
            continue
        reached = _closed(text, at)
        yield at, reached


def _last(pattern: re.Pattern[str], text: str, start: int, end: int) -> int | None:
    """Return the last place of a word behind which nothing but words stands up to `end`."""
    places = [match.start() for match in pattern.finditer(text, start, end) if _WORDS.fullmatch(text, match.end(), end)]
    return max(places, default=None)


def _closed(text: str, start: int) -> int:
    """Return the place behind the bracket that closes the one at `start`, or behind this one if none does."""
    depth = 0
    for bracket in _BRACKET.finditer(text, start, start + _LONGEST):
        depth += 1 if bracket.group() in "{[" else -1
        if depth == 0:
            return bracket.end()
    return start + 1


def _examples(text: str, language: Language) -> Iterator[Span]:
    """Find the paragraph below `Examples:`."""
    if not language.forms.examples:
        return
    reached = 0
    for match in _introduction(language).finditer(text):
        if match.start() < reached:
            continue
        at = match.end()
        if not match["said"].strip():
            following = re.compile(r"\s*").match(text, at)
            at = following.end() if following else at
        blank = _BLANK.search(text, at, at + _LONGEST)
        reached = blank.start() if blank else min(len(text), at + _LONGEST)
        if reached < len(text.rstrip()):  # else the question would be one of them
            yield match.start(), reached


@cache
def _introduction(language: Language) -> re.Pattern[str]:
    words = language.forms.examples
    return re.compile(
        rf"(?:\A|(?<=[\r\n]))[ \t]{{0,8}}(?:#{{1,6}}[ \t]{{1,4}})?[*_]{{0,2}}(?i:{words})[ \t]?\d{{0,3}}[*_]{{0,2}}"
        r"[:\uff1a](?P<said>[^\r\n]*)"
    )


def _pairs(text: str, language: Language) -> Iterator[Span]:
    """Find questions with their answers, and inputs with their outputs where the last output is not there yet."""
    said = language.forms
    labels = [(match, match["label"].lower()) for match in _LABEL.finditer(text)]
    end = len(text.rstrip())
    open_output = bool(labels) and labels[-1][1] in said.outputs and labels[-1][0].end() >= end
    open_output &= bool(labels) and not labels[-1][0]["said"].strip()
    asked: re.Match[str] | None = None
    given: re.Match[str] | None = None
    for match, label in labels:
        if label in language.statements.questions:
            asked, given = match, None
        elif label in said.inputs:
            asked, given = None, match
        elif match["said"].strip() and match.end() < end:
            begun = asked if label in said.answers else given if label in said.outputs and open_output else None
            if begun is not None and _one_paragraph(text, begun.start(), match.start()):
                yield begun.start(), match.end()
            if begun is not None:
                asked = given = None


def _one_paragraph(text: str, start: int, end: int) -> bool:
    return end - start <= _LONGEST and _BLANK.search(text, start, end) is None


def _instructions(text: str, language: Language) -> Iterator[Block]:
    for span in unread(text, language):
        yield Block(span, ())


read = WordedRule(_instructions, order=5, default=True)
"""The rule `instruction`, which binds nothing: what it has read, no other rule reads."""
