"""Reads sentences in which a verb other than "is" gives a value: `The lamp costs $12`, `Clause 9 gives 14 days`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from guardbind.extraction.rule import Block, Found
from guardbind.extraction.spoken_names import NameReader, PlacedWord
from guardbind.extraction.spoken_values import first_value
from guardbind.extraction.stance import counts
from guardbind.text.language import Language
from guardbind.text.layout import Layout, Span
from guardbind.text.values import classify

__all__ = ["told"]

_WORD = re.compile(r"\S+")
_BRACKETED = re.compile(r"[ \t]*\([^()\n]{1,80}\)\Z")
_COUNTED = re.compile(r"(?P<number>[+-]?\d[\d.,]*)[ \t](?P<noun>[^\W\d_][^\d]{0,60})")
_NUMBERED = re.compile(r"(?P<noun>[^\W\d_][\w-]{0,30}(?:[ \t][^\W\d_][\w-]{0,30})?)[ \t](?:no\.[ \t])?(?=#?[\w/-]*\d)")
_PLAIN = frozenset({"number", "id", "version"})
_REACH = 120  # characters before the verb
_AHEAD = 200  # characters after it


class _Told(NamedTuple):
    """What a verb gives: an attribute and where its value stands."""

    attribute: str
    value: Span


def told(text: str, language: Language) -> Iterator[Block]:
    """Find sentences of these forms; the words and the prepositions of each verb are the language's.

    ```
    NAME costs VALUE                 the attribute is that of the verb: price
    NAME gives NUMBER NOUN           the attribute is what is counted
    NAME stands on NOUN NUMBER       the attribute is the noun
    NAME is in MONTH                 the attribute is the month, or the day
    ```
    """
    pattern = _verbs(language)
    if pattern is None:
        return
    names, layout = NameReader(language), Layout(text, language=language)
    reached = 0
    for verb in pattern.finditer(text):
        clause = layout.clause(verb.end())
        if clause.question:
            continue
        end = min(clause.end, verb.end() + _AHEAD)
        told = _told(text, verb, end, layout, language)
        if told is None or _goes_on(text, told.value[1], end, language):
            continue
        words = _words(text, max(reached, verb.start() - _REACH), verb.start(), layout)
        if not words or any(word.lower() in language.statements.doubts for word, _ in words):
            continue
        name = names.read(text, words)
        if name is None:
            continue
        statement = (name.start, told.value[1])
        if not counts(text, statement, told.value, layout, language, sentence=True):
            continue
        key = language.possession(name.key, told.attribute)
        place = (name.start, words[-1][1] + len(words[-1][0]))
        yield Block(
            statement, (Found((name.key, told.attribute), told.value, statement, None, key, "words", (place, None)),)
        )
        reached = statement[1]


def _told(text: str, verb: re.Match[str], end: int, layout: Layout, language: Language) -> _Told | None:
    telling, start = language.telling, verb.end()
    if said := verb["verb"]:
        value = first_value(text, start, end, layout, language, names=False)
        return _Told(telling.verbs[" ".join(said.lower().split())], value) if value else None
    if verb["counting"]:
        return _counted(text, start, end, layout, language)
    return _placed(text, start, end, layout, language)


def _counted(text: str, start: int, end: int, layout: Layout, language: Language) -> _Told | None:
    """Read `14 days`: the number is the value, and what it counts the attribute."""
    span = first_value(text, start, end, layout, language, names=False)
    counted = _COUNTED.fullmatch(text, *span) if span else None
    if counted is None or classify(counted["number"]).type != "number":
        return None
    return _Told(counted["noun"].strip(), counted.span("number"))


def _placed(text: str, start: int, end: int, layout: Layout, language: Language) -> _Told | None:
    """Read `shelf B4` or `January`: what kind of place or time it is is the attribute."""
    word = _WORD.match(text, start, end)
    named = language.telling.named.get(word.group().rstrip(".,;:!").lower()) if word else None
    if word and named and word.group()[0].isupper():
        return _Told(named, (start, start + len(word.group().rstrip(".,;:!"))))
    noun = _NUMBERED.match(text, start, end)
    if noun is None or any(part.lower() in language.function_words for part in noun["noun"].split()):
        return None
    value = first_value(text, noun.end(), end, layout, language, names=False)
    if value is None or classify(text[slice(*value)]).type not in _PLAIN:
        return None
    return _Told(noun["noun"], value)


def _goes_on(text: str, start: int, end: int, language: Language) -> bool:
    """Whether another number follows that could be meant as well."""
    return _another(language).match(text, start, end) is not None


@cache
def _another(language: Language) -> re.Pattern[str]:
    joined = "|".join(sorted(language.statements.range, key=len, reverse=True))
    return re.compile(
        rf"(?:[ \t]\w+){{0,2}}?,?[ \t]*(?:,|[-\u2013/]|\b(?:{language.marks.listing}|{joined})\b)[ \t]*\S{{0,3}}\d"
    )


def _words(text: str, start: int, end: int, layout: Layout) -> Sequence[PlacedWord]:
    """Return the words of the phrase that ends at `end`, without what stands in brackets behind them."""
    if bracket := _BRACKETED.search(text, start, end):
        end = bracket.start()
    phrase = layout.phrase_start(start, end)
    if phrase == start and start > 0 and text[start].isalnum() and text[start - 1].isalnum():
        return []
    return [(match.group(), match.start()) for match in _WORD.finditer(text, phrase, end)]


@cache
def _verbs(language: Language) -> re.Pattern[str] | None:
    telling = language.telling
    if not (telling.verbs and telling.counting and telling.placing):
        return None
    verbs, counting = (
        "|".join(word.replace(" ", r"[ \t]") for word in sorted(words, key=len, reverse=True))
        for words in (telling.verbs, telling.counting)
    )
    return re.compile(
        rf"(?<=[\w)\"'\u2019])[ \t]{{1,4}}(?:(?P<verb>{verbs})|(?P<counting>{counting})|(?:{telling.placing}))"
        r"[ \t]{1,4}(?=\S)"
    )
