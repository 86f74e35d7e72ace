"""Reads what stands behind a name and a colon: `Step 1: temperature = 180`, `Office 2: wifi password is kiwi-17`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from guardbind.extraction.fields import Field, bare_value, fields_of
from guardbind.extraction.lines import stamp_of, title_of
from guardbind.extraction.prose import is_key, is_value
from guardbind.extraction.rule import Block, Found, WordedRule
from guardbind.extraction.stance import counts
from guardbind.text.language import Language
from guardbind.text.layout import Layout, Span
from guardbind.text.values import classify

__all__ = ["read"]

_LONGEST = 400  # characters of a sentence that is looked at
_KEY_WORDS = 5
_LABEL_WORDS = 6
_OPENING = re.compile(r"[ \t]{0,40}(?:>[ \t]?){0,3}(?:(?:[-*+\u2022\u2013]|\d{1,3}[.)])[ \t]{1,8})?")
_COLON = re.compile(r"[*_]{0,2}:[*_]{0,2}[ \t]{1,8}")
_GREP = re.compile(
    r"(?P<file>(?:[\w.@+-]{1,60}/){0,12}[\w@+-][\w.@+-]{0,60}\.[A-Za-z]\w{0,9})[:-]\d{1,7}(?:[:-]\d{1,5})?[:-]"
    r"[ \t]{0,40}"
)
# "src/a.py:12: timeout: int = 30"
_TYPED_NAME = re.compile(r"(?P<name>[^\W\d][\w.]{0,60})[ \t]{0,4}:[ \t]{0,4}[\w.\[\], |]{1,40}?(?=[ \t]{0,4}=(?!=))")
_NOUN = re.compile(r"(?P<noun>[^\W\d_][^\W_]{1,30})[ \t](?P<number>\d{1,9})[.!;,]?[ \t]*")


class _Labelled(NamedTuple):
    """What a name and a colon stand before; `sure`: the name names one of several things, whatever others there are."""

    label: Span
    name: str
    fields: tuple[Field, ...]
    sure: bool


def _labelled(text: str, language: Language) -> Iterator[Block]:
    """Find names with keys behind them; a name without a digit needs another one that has the same key."""
    layout = Layout(text, language=language)
    found = [each for unit in layout.units(0, len(text)) for each in _unit(text, unit[:2], layout, language)]
    labels: dict[str, set[str]] = {}
    for each in found:
        for field in each.fields:
            labels.setdefault(field.name.casefold(), set()).add(each.name)
    for each in found:
        if each.sure or any(len(labels[field.name.casefold()]) > 1 for field in each.fields):
            items = tuple(_found(each, field, language) for field in each.fields)
            region = (each.label[0], items[-1].value[1])
            if counts(text, region, items[0].value, layout, language):
                yield Block(region, items)


def _found(labelled: _Labelled, field: Field, language: Language) -> Found:
    first = field is labelled.fields[0]
    statement = (labelled.label[0] if first else field.key[0], field.value[1])
    written = language.possession(labelled.name, field.name)
    return Found(
        (labelled.name, field.name), field.value, statement, None, written, "words", (labelled.label, field.key)
    )


def _unit(text: str, unit: Span, layout: Layout, language: Language) -> Iterator[_Labelled]:
    start, end = unit
    if end - start > _LONGEST:
        return
    opening = _OPENING.match(text, start, end)
    start = opening.end() if opening else start
    while end > start and text[end - 1] in ".!;\u3002 \t\r\n":
        end -= 1
    if grep := _GREP.match(text, start, end):
        yield from _line_of_file(text, grep, end, layout, language)
        return
    stamped = stamp_of(text, start, end).end
    colon = _COLON.search(text, stamped, end)
    if colon is None:
        return
    setting = _setting(language).match(text, colon.end(), end)
    at = setting.end() if setting else colon.end()
    fields = _said(text, at, end, language) or fields_of(text, at, end, layout, language)
    assigned = any("=" in text[field.key[1] : field.value[0]] for field in fields)
    # "09:14 to Turin: platform 2" begins with no stamp.
    if assigned or (stamped > start and not text[start].isdecimal()):
        start = stamped
    label = title_of(text, (start, colon.start()), language)
    if label is None or not _is_label(name := text[slice(*label)], language):
        return
    noun = _NOUN.fullmatch(text, colon.end(), end)
    if fields:
        digit = any(map(str.isdecimal, name))
        yield _Labelled(label, name, fields, digit and all(field.assigned for field in fields))
    elif noun and is_key(noun["noun"], language) and noun["noun"].lower() not in language.function_words:
        yield _Labelled(label, name, (Field(noun["noun"], noun.span("noun"), noun.span("number"), False),), False)


def _line_of_file(text: str, grep: re.Match[str], end: int, layout: Layout, language: Language) -> Iterator[_Labelled]:
    """Read `src/a.py:12: TIMEOUT = 30`, as grep writes it."""
    at = grep.end()
    fields: Sequence[Field]
    if typed := _TYPED_NAME.match(text, at, end):
        sign = text.index("=", typed.end(), end)
        value = bare_value(text, (sign + 1, end), commented=True)
        fields = [Field(typed["name"], typed.span("name"), value, True)] if value else []
    else:
        fields = fields_of(text, at, end, layout, language)
    fields = [field for field in fields if is_value(text[slice(*field.value)], language)]
    if len(fields) == 1:
        yield _Labelled(grep.span("file"), grep["file"], tuple(fields), True)


def _is_label(name: str, language: Language) -> bool:
    words = name.casefold().split()
    said = language.statements
    if len(words) > _LABEL_WORDS or words[0] in said.doubts or words[0] in said.mine | said.others:
        return False
    return not {words[0], words[-1]} & (language.forms.labels | said.questions)


def _said(text: str, start: int, end: int, language: Language) -> tuple[Field, ...]:
    """Read `wifi password is kiwi-17` up to the end of its sentence."""
    verb = _being(language).search(text, start, end)
    if verb is None:
        return ()
    said = language.statements
    words = text[start : verb.start()].split()
    if words and words[0].lower() in said.determiners - said.mine:
        start = text.index(words[0], start) + len(words[0])
        words = words[1:]
    while start < verb.start() and text[start] in " \t":
        start += 1
    name, value = text[start : verb.start()], bare_value(text, (verb.end(), end), commented=False)
    if not words or len(words) > _KEY_WORDS or value is None or not is_key(name, language):
        return ()
    if not all(word.replace("-", "").replace("_", "").isalnum() for word in words):
        return ()
    if any(word.lower() in said.doubts | said.mine | said.others | said.of for word in words):
        return ()
    if not language.marks.nouns_are_capital and all(word[0].isupper() for word in words):
        return ()  # "Chapter 3: Bob is 45"
    written = text[slice(*value)]
    return (Field(name, (start, verb.start()), value, True),) if _is_told(written, words[-1], language) else ()


def _is_told(value: str, noun: str, language: Language) -> bool:
    """Whether what stands behind a verb is a value, and not what something is like."""
    if not is_value(value, language) or value.split()[0].lower() in language.function_words:
        return False
    if classify(value).type != "text":
        return True
    if len(value.split()) == 1 and noun.lower() in language.statements.states:
        return True
    capital = value[0].isupper() and not language.marks.nouns_are_capital
    return any(map(str.isdecimal, value)) or (capital and len(value.split()) < _KEY_WORDS)


@cache
def _being(language: Language) -> re.Pattern[str]:
    return re.compile(rf"[ \t]{{1,4}}(?:{language.statements.equal})[ \t]{{1,4}}(?=\S)")


@cache
def _setting(language: Language) -> re.Pattern[str]:
    return re.compile(rf"(?:{language.statements.assign})[ \t]{{1,4}}(?=\S)")


read = WordedRule(_labelled, order=58, default=True)
"""The rule `labelled`."""
