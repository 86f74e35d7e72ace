"""Reads sentences of languages that part no words by spaces: 张伟的工号是4417."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from guardbind.extraction.prose import is_key
from guardbind.extraction.rule import Block, Found
from guardbind.extraction.stance import counts
from guardbind.text.language import Language
from guardbind.text.layout import Layout, Span
from guardbind.text.values import classify
from guardbind.text.words import function_word

__all__ = ["blocks"]

_REACH = 60  # characters before a verb
_LONGEST_NAME = 40
_LONGEST_NOUN = 20
_STOPS = "\uff0c\u3002\uff1b\uff01\uff1f\u3001\uff1a\u2026\u201c\u201d\u300c\u300d"
_EDGE = re.compile(rf"[{_STOPS};!?\"\r\n\u2028\u2029]|[,.:](?=\s)")
_QUOTED = re.compile(
    r"[\"\u201c\u300c\u300e](?P<value>[^\"\u201c\u201d\u300c\u300d\u300e\u300f\r\n]{1,200})[\"\u201d\u300d\u300f]"
)
_PLAIN = rf"[^\s{_STOPS}\u3000-\u303f\u3400-\u9fff\uf900-\ufaff\uff08\uff09\u2103\u2109;!?\"]"
_TYPED = re.compile(rf"{_PLAIN}{{1,200}}(?: (?={_PLAIN}*[\dA-Z]){_PLAIN}{{1,40}}){{0,4}}")
_CLOSED = re.compile(
    r"[\"\u201d\u300d\uff09)]{0,2}\s{0,4}(?:[\uff0c\u3002\uff1b\uff01;!\r\n]|[,.](?=\s|\Z)|[\uff08(]|\Z)"
)


def blocks(text: str, language: Language) -> Iterator[Block]:
    """Find `OWNER的ATTRIBUTE是VALUE`, `ATTRIBUTE为VALUE`, `…从VALUE改为VALUE` and `VALUE是OWNER的ATTRIBUTE`.

    A value is quoted, or typed, with what it counts; of an attribute that has an owner also one word of letters. It
    ends its clause. What cannot be told is not read.

    Args:
        text: The text.
        language: What it is written in.
    """
    reader = _UnspacedReader(text, language)
    reached = 0
    for match in _verbs(language).finditer(text):
        if match.start() < reached:
            continue
        found = reader.stated(match, reached)
        if found:
            start, end = found[0].statement[0], found[-1].statement[1]
            reached = end
            yield Block((start, end), found)
    for match in language.statements.belongs.finditer(text):
        if turned := reader.turned(match):
            yield Block(turned.statement, (turned,))


class _UnspacedReader:
    """Reads the sentences of one text."""

    def __init__(self, text: str, language: Language) -> None:
        self._text = text
        self._language = language
        self._said = language.statements
        self._layout = Layout(text, language=language)
        self._unsure = _any_of(language, self._said.doubts | self._said.others)

    def stated(self, verb: re.Match[str], reached: int) -> tuple[Found, ...]:
        """Return what the clause of a verb states: one value, or two of which the later is last."""
        text = self._text
        if self._layout.in_question(verb.start()):
            return ()
        start = self._clause_start(verb.start(), reached)
        if start == verb.start() - _REACH:
            return ()  # the clause is longer than what is looked at
        name = self._name(start, verb.start())
        if name is None:
            return ()
        owned = len(name.path) > 1
        if verb["from"]:
            before = self._typed(verb.end())
            to = before and _to(self._language).match(text, before[1])
            after = self._value(to.end(), names=owned) if to else None
            if before is None or after is None or to is None or self._denied(verb.start(), after[1]):
                return ()
            return name.found(before, before[1]), name.at(to.start()).found(after, after[1])
        value = self._value(verb.end(), names=owned)
        if value is None or self._denied(verb.start(), value[1]):
            return ()
        return (name.found(value, value[1]),)

    def turned(self, match: re.Match[str]) -> Found | None:
        """Return a statement whose value comes first: `4417是张伟的工号`."""
        text, start = self._text, self._clause_start(match.start(), 0)
        while start < match.start() and text[start].isspace():
            start += 1
        value = _TYPED.fullmatch(text, start, match.start())
        name = self._name(match.start("owner"), match.end())
        if value is None or classify(value.group()).type == "text" or name is None:
            return None
        if self._layout.in_question(start) or self._denied(start, match.end()):
            return None
        return Found(name.path, value.span(), (start, match.end()), None, name.key, "words", name.places)

    def _clause_start(self, place: int, reached: int) -> int:
        start = max(reached, place - _REACH)
        edges = [edge.end() for edge in _EDGE.finditer(self._text, start, place)]
        return max([start, *edges])

    def _name(self, start: int, end: int) -> _Name | None:
        """Return the attribute that a clause begins with, and its owner where one is named."""
        text, language = self._text, self._language
        while start < end and text[start].isspace():
            start += 1
        if opening := _opening(language).match(text, start, end):
            start = opening.end()
        said = text[start:end].rstrip()
        if not said or self._unsure.search(said):
            return None
        owner, joint, noun = said.rpartition(language.marks.of)
        noun = noun.strip()
        if not _is_noun(noun, language) or (joint and not owner):
            return None
        if owner in self._said.mine or not joint:
            at = start + len(said) - len(noun)
            return _Name((noun,), noun, start, ((at, at + len(noun)),))
        for determiner in sorted(self._said.determiners, key=len, reverse=True):
            if owner.startswith(determiner):
                start, owner = start + len(determiner), owner.removeprefix(determiner)
                break
        if not 1 <= len(owner) <= _LONGEST_NAME or not (is_key(owner, language) or owner.isdecimal()):
            return None
        key = language.possession(owner, noun)
        return _Name((owner, noun), key, start, ((start, start + len(owner)), None))

    def _value(self, start: int, *, names: bool) -> Span | None:
        if quoted := _QUOTED.match(self._text, start):
            return quoted.span("value") if quoted["value"].strip() else None
        value = self._typed(start)
        if value is None and names:
            value = self._word(start)
        return value if value is not None and _CLOSED.match(self._text, value[1]) else None

    def _typed(self, start: int) -> Span | None:
        """Return a typed value with what it counts: `812.44元`, `2024年5月3日`."""
        text = self._text
        while start < len(text) and text[start] in " \u00a0":
            start += 1
        typed = _TYPED.match(text, start)
        if typed is None:
            return None
        end = typed.end()
        while end > start and text[end - 1] in ".,:)'*":
            end -= 1
        counted = _counted(self._language).match(text, end)
        if counted and text[end - 1 : end].isdecimal():
            return start, counted.end()
        return (start, end) if classify(text[start:end]).type != "text" else None

    def _word(self, start: int) -> Span | None:
        """Return one word of letters that ends a clause."""
        word = re.compile(rf"[^\W\d_][\w\u00b7]{{0,{_LONGEST_NOUN}}}").match(self._text, start)
        if word is None or function_word(self._language).search(word.group()) or self._unsure.search(word.group()):
            return None
        return word.span() if is_key(word.group(), self._language) else None

    def _denied(self, start: int, end: int) -> bool:
        return not counts(self._text, (start, end), (start, end), self._layout, self._language, sentence=True)


class _Name:
    """What has a value."""

    def __init__(self, path: tuple[str, ...], key: str, start: int, places: tuple[Span | None, ...]) -> None:
        self.path = path
        self.key = key
        self.start = start
        self.places = places

    def at(self, start: int) -> _Name:
        return _Name(self.path, self.key, start, self.places)

    def found(self, value: Span, end: int) -> Found:
        return Found(self.path, value, (self.start, end), None, self.key, "words", self.places)


def _is_noun(noun: str, language: Language) -> bool:
    if not 1 <= len(noun) <= _LONGEST_NOUN or noun in language.vocabulary.stop | language.statements.on:
        return False
    return is_key(noun, language) and all(char.isalnum() or char in " -_/()\uff08\uff09" for char in noun)


def _longest_first(words: frozenset[str]) -> str:
    return "|".join(map(re.escape, sorted(words, key=lambda word: (-len(word), word))))


@cache
def _any_of(language: Language, words: frozenset[str]) -> re.Pattern[str]:
    return re.compile(_longest_first(words))


@cache
def _verbs(language: Language) -> re.Pattern[str]:
    return re.compile(language.statements.verbs)


@cache
def _to(language: Language) -> re.Pattern[str]:
    return re.compile(rf"\s?(?:{language.statements.to})")


@cache
def _opening(language: Language) -> re.Pattern[str]:
    return re.compile(rf"(?:(?:{language.marks.opening})[\uff0c,]?\s?)+")


@cache
def _counted(language: Language) -> re.Pattern[str]:
    unit = rf"\s?(?:{language.statements.counters})"
    return re.compile(rf"{unit}{{1,2}}(?:\s?[\d.:]{{1,8}}{unit}{{1,2}}){{0,5}}")
