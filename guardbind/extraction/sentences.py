"""Reads sentences that give the value of something: `Bob's badge number is 4417`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

from guardbind.extraction import unspaced
from guardbind.extraction.rule import Block, Found, WordedRule
from guardbind.extraction.spoken_names import MOST_WORDS, NameReader, PlacedWord, SpokenName, place_of
from guardbind.extraction.spoken_values import (
    closes_clause,
    currency_follows,
    first_value,
    state_at,
    typed_before,
    wordlike,
)
from guardbind.extraction.stance import counts
from guardbind.extraction.telling import told
from guardbind.text.language import Language
from guardbind.text.layout import Layout, Span
from guardbind.text.values import classify
from guardbind.text.words import count, joined, spoken

__all__ = ["read"]

_PLACED = frozenset({"date", "id", "text", "email", "url"})  # what may follow "at": "in 3 countries" is no value
_WORD = re.compile(r"\S+")
_SHORT_WORD = re.compile(r"\S{1,60}")
_CLOSED = re.compile(r"[\"'\u201d\u00bb)*`]{0,3}(?:[.!;](?=\s{1,4}[^\sa-z]|\s{0,4}\Z)|[ \t]{0,8}(?:[\r\n]|\Z))")
_REACH = 120  # characters before the verb
_PARTITIVE = 24  # characters before a name in which it may be said to be one of several
_AHEAD = 400  # characters after it that are looked at


def _sentences(text: str, language: Language) -> Iterator[Block]:
    """Find sentences of these forms; OWNER and VALUE may be several words.

    ```
    OWNER's ATTRIBUTE is VALUE             the ATTRIBUTE of OWNER is VALUE
    OWNER has ATTRIBUTE VALUE              For OWNER, the ATTRIBUTE is VALUE
    the ATTRIBUTE is VALUE                 VALUE is OWNER's ATTRIBUTE
    NAME is VALUE                          NAME was changed from VALUE to VALUE
    ```

    For `is` also `was`, `are`, `were`, `equals`, `is now`, `is at`, `is on`, `was changed to`, `has been set to`, `used
    to be` and the like; other verbs are those of `guardbind.extraction.telling`. A value is quoted, or typed (it has a
    digit, or is an address); a name in capitals only where the attribute has an owner.
    """
    if language.marks.spaced:
        yield from _SentenceReader(text, language).blocks()
    else:
        yield from unspaced.blocks(text, language)
    yield from told(text, language)


class _SentenceReader:
    """Reads the sentences of one text."""

    def __init__(self, text: str, language: Language) -> None:
        self._text = text
        self._language = language
        self._said = language.statements
        self._layout = Layout(text, language=language)
        self._names = NameReader(language)

    def blocks(self) -> Iterator[Block]:
        """Yield what is found, but for values of which a key has several at once."""
        stated = [*self._stated()]
        several: dict[str, set[str]] = {}
        for block in stated:
            if self._is_one_of(block):
                several.setdefault(_key(block), set()).add(self._text[slice(*block.found[-1].value)])
        yield from (block for block in stated if len(several.get(_key(block), ())) < 2 or not self._is_one_of(block))
        yield from self._turned()
        yield from self._no_longer()

    def _is_one_of(self, block: Block) -> bool:
        """Whether a statement says that its value is one of several: "One of the codes for Bob is 4417"."""
        start = block.region[0]
        said = self._text[max(0, start - _PARTITIVE) : start]
        return self._language.speech.partitive.search(said) is not None

    def _stated(self) -> Iterator[Block]:
        text, reached = self._text, 0
        unsure = self._said.doubts | self._said.others
        for verb in _verb(self._language).finditer(text):
            clause = self._layout.clause(verb.end())
            if clause.question or (verb.group().rstrip().endswith(":") and not self._ends_line(verb.end(), clause.end)):
                continue
            end = min(clause.end, verb.end() + _AHEAD)
            words = self._words(max(reached, verb.start() - _REACH), verb.start() + 1)
            if not words or any(word.lower() in unsure for word, _ in words):
                continue
            if verb["has"]:
                found = self._having(words, verb.end(), end)
            elif verb["from"]:
                found = self._changing(words, verb.end(), end)
            else:
                new = bool(self._said.new.search(verb.group()))
                found = self._being(words, verb.end(), end, new=new, kind=verb.groupdict().get("kind"))
            if found:
                region = _whole(found)
                reached = region[1]
                if self._counts(found[-1], region):
                    yield Block(region, found)

    def _ends_line(self, start: int, end: int) -> bool:
        """Whether what stands behind a colon is one value, and no list of several."""
        value = self._value(start, end, names=True)
        return value is not None and _CLOSED.match(self._text, value[1]) is not None

    def _turned(self) -> Iterator[Block]:
        """Find `4417 is Alice's badge number`, `we noted 4417 as Alice's badge number`: a value that comes first."""
        text = self._text
        for match in self._said.belongs.finditer(text):
            words = self._words(max(0, match.start() - _REACH), match.start())
            if any(word.lower() in self._said.doubts for word, _ in words):
                continue
            start = typed_before(text, match.start())
            noted = match["verb"] == self._said.noted
            if start is None and noted and 0 < len(named := self._names.capitals(words)) < len(words):
                start = named[0][1]
            if start is None:
                continue
            name = self._names.owned(match["owner"], match["attribute"].split(), start, match.span("owner"))
            if name is not None:
                found = name.found((name.start, match.start()), (name.start, match.end()))
                if self._counts(found, found.statement):
                    yield Block(found.statement, (found,))

    def _no_longer(self) -> Iterator[Block]:
        """Find `Alice's badge is no longer 4417 but 8213`, of which only the second value is one."""
        text, changes = self._text, self._language.changes
        for verb in changes.no_longer.finditer(text):
            words = self._words(max(0, verb.start() - _REACH), verb.start() + 1)
            end = min(self._layout.clause(verb.end()).end, verb.end() + _AHEAD)
            but = changes.but.search(text, verb.end(), end)
            name = self._names.read(text, words) if words and but else None
            value = self._value(but.end(), end, names=name.owned) if name and but else None
            if name and but and value and self._value(verb.end(), but.start(), names=name.owned):
                found = name.found(value, (name.start, value[1]))
                if self._counts(replace(found, statement=(but.end(), value[1])), (name.start, value[1])):
                    yield Block(found.statement, (found,))

    def _counts(self, found: Found, region: Span) -> bool:
        """Whether a statement is evidence; `region` is where it stands with what it is said of."""
        start, value = (region[0], found.value)
        told = value[0] if found.statement[0] == start else start
        return counts(
            self._text, (start, found.statement[1]), (told, value[1]), self._layout, self._language, sentence=True
        )

    def _being(
        self, words: Sequence[PlacedWord], start: int, end: int, *, new: bool, kind: str | None
    ) -> tuple[Found, ...]:
        text = self._text
        name = self._names.read(text, words)
        if name is None or (not name.owned and _owns_alone(name.key, self._language)):
            return ()  # "Kasimir's code is 8-3-1 and Odile's is 4-9-6": of what is not said again
        if not name.owned and name.key.split()[0].lower() in self._said.of:
            return ()  # "de Lyon", of "l'heure de départ du car de Lyon"
        if kind is not None:
            name = name.of_kind(kind, self._language)
        if preposition := _at(self._language).match(text, start, end):
            start = preposition.end()
        value = self._value(start, end, names=name.owned)
        if value is None and (state := state_at(text, start)):
            settled = new and (name.owned or "_" in name.key)
            value = state if settled or (name.owned and name.path[-1] in self._said.states) else None
        if value is None or (preposition and classify(text[slice(*value)]).type not in _PLACED):
            return ()
        if preposition and not name.owned and classify(text[slice(*value)]).type == "text":
            return ()
        return (name.found(value, (name.start, value[1])),)

    def _changing(self, words: Sequence[PlacedWord], start: int, end: int) -> tuple[Found, ...]:
        """Read `Alice's badge was changed from 4417 to 8213`: two values, the later one last."""
        name = self._names.read(self._text, words)
        to = _to(self._language).search(self._text, start, end)
        if name is None or to is None:
            return ()
        before, after = (self._value(*part, names=name.owned) for part in ((start, to.start()), (to.end(), end)))
        if before is None or after is None or self._text[before[1] : to.start()].strip("\"'`\u201d "):
            return ()
        return name.found(before, (name.start, before[1])), name.found(after, (to.start("to"), after[1]))

    def _having(self, words: Sequence[PlacedWord], start: int, end: int) -> tuple[Found, ...]:
        """Read `Anna has badge number 4821`: a name, an attribute without a digit, a value that ends the clause."""
        text = self._text
        following = _WORD.match(text, start)
        article = following is not None and following.group() in self._said.the
        owner = self._names.capitals(words)
        if not owner and words[0][0].lower() in self._said.the and article:
            owner = self._names.article(words)  # "The sleeping bag has the price $5"
        held = self._held(start, end, article=article) if owner else None
        if held is None:
            return ()
        attribute, cursor, named = held
        if attribute[0].lower() in self._said.determiners:
            attribute = attribute[1:]
        if not 1 <= count(attribute, self._language) <= MOST_WORDS or not all(map(self._in_attribute, attribute)):
            return ()
        if {self._language.marks.of, *self._language.marks.of_joins} & {*attribute} and owner[0][0].islower():
            return ()  # "The team has the goal of winning 3 games"
        value = self._value(cursor, end, names=named)
        if value is None or not closes_clause(text, value[1], self._language):
            return ()
        person = joined((word for word, _ in owner), self._language)
        noun = joined(attribute, self._language)
        key = self._language.possession(person, noun)
        name = SpokenName((person, noun), key, owner[0][1], True, place_of(owner))
        return (name.found(value, (name.start, value[1])),)

    def _held(self, start: int, end: int, *, article: bool) -> tuple[list[str], int, bool] | None:
        """Return the words of an attribute, where its value begins, and whether that may be a name."""
        text = self._text
        attribute: list[str] = []
        name: tuple[int, int] | None = None  # where one begins, behind how many words
        for match in _SHORT_WORD.finditer(text, start, min(end, start + _REACH)):
            word, cursor = match.group(), match.start()
            if any(map(str.isdecimal, word)) or currency_follows(text, cursor) or len(attribute) > MOST_WORDS:
                return (attribute, cursor, name is not None) if attribute else None
            if attribute and word[0].isupper() and not self._language.marks.nouns_are_capital:
                value = self._value(cursor, end, names=False)
                if value is not None and classify(text[slice(*value)]).type == "date":
                    return attribute, cursor, name is not None
                name = name or (cursor, len(attribute))
            attribute.append(word)
        if name is None or not article:
            return None
        return attribute[: name[1]], name[0], True  # "has the stopover Vilnius": no number behind it

    def _in_attribute(self, word: str) -> bool:
        return word.lower() not in self._said.not_names and wordlike(word)

    def _words(self, start: int, end: int) -> list[PlacedWord]:
        """Return the words of the phrase that ends at `end`, each with its place."""
        text, phrase = self._text, self._layout.phrase_start(start, end)
        if phrase == start and start > 0 and text[start].isalnum() and text[start - 1].isalnum():
            return []  # the phrase is longer than what is looked at
        return [_unquoted(*match.span(), text) for match in spoken(self._language).finditer(text, phrase, end)]

    def _value(self, start: int, end: int, *, names: bool) -> Span | None:
        return first_value(self._text, start, end, self._layout, self._language, names=names)


def _owns_alone(key: str, language: Language) -> bool:
    """Whether a name only says whose something is, by an apostrophe: an ending alone may be that of any noun."""
    return language.statements.owner.match(key) is not None and any(char in "'\u2019" for char in key[-2:])


def _unquoted(start: int, end: int, text: str) -> PlacedWord:
    """Return a word without the mark that opens a quotation before it."""
    while start < end - 1 and text[start] in "\u00ab\u201c\u201e":
        start += 1
    return text[start:end], start


def _key(block: Block) -> str:
    return (block.found[-1].key or "").casefold()


def _whole(found: Sequence[Found]) -> Span:
    return found[0].statement[0], found[-1].statement[1]


@cache
def _verb(language: Language) -> re.Pattern[str]:
    return re.compile(rf"(?<=[\w)\"'’\u00bb])[ \t]{{1,4}}(?:{language.statements.verbs})(?:[ \t]?:)?[ \t]{{1,4}}(?=\S)")


@cache
def _at(language: Language) -> re.Pattern[str]:
    return re.compile(rf"(?:{language.statements.at})[ \t](?=\S)")


@cache
def _to(language: Language) -> re.Pattern[str]:
    return re.compile(rf"[ \t](?P<to>{language.statements.to})[ \t](?=\S)")


read = WordedRule(_sentences, order=80, default=True)
"""The rule `sentence`."""
