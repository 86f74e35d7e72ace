"""Takes out of a text the nouns that only say of which kind something is: "the boat Blue Heron", "das Feld Preis"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from guardbind.evidence import EvidenceTable
from guardbind.targets.labels import LabelTable
from guardbind.targets.query import Query
from guardbind.text.layout import Span, folded, layout_of
from guardbind.text.words import Word, words

__all__ = ["KindNouns"]

_HEADS = 3  # lines above the first record in which what introduces it is looked for
_HEAD_WORDS = 12  # words of such a line, at most
_LED = 24  # characters before a noun in which what leads to it stands
_OPENED = re.compile("[ \u00a0]+[\"'\u201c\u201e\u00ab\u2018]?[ \u00a0]?")
_ELIDED = re.compile("(?<![^\\W\\d_])[^\\W\\d_]['\u2019]\\Z")
_COUNTED = "\u53f7\u865f"  # between a number and what has it, in Chinese


class KindNouns:
    """Takes the nouns of kinds out of texts: blanks stand in their place, so that all else stays where it is.

    A noun beside a whole name says of which kind it is if what introduces the records has it too ("Our boats:"), or
    if it is one of the things that records are of and the prompt speaks of no other such thing. So the "boat" of Blue
    Heron is taken out of a question about boats, and stays where the prompt tells of trucks. A noun of an attribute
    stays. So does one that leads to a name by a word, but for places: a "branch of Leeds" may be Leeds, a "friend of
    Bob" is never Bob.

    Args:
        query: What is asked.
        table: What the prompt binds.
        labels: How it is called.
    """

    def __init__(self, query: Query, table: EvidenceTable, labels: LabelTable) -> None:
        self._query = query
        self._table = table
        self._labels = labels
        self._language = query.language
        nouns = query.language.nouns
        self._things, self._places = query.language.stems(nouns.things), query.language.stems(nouns.places)
        self._fields = query.language.stems(nouns.fields)
        self._attributes = {label.attribute for label in labels.labels}
        self._keys = frozenset(stem for attribute in self._attributes for stem in attribute)

    def without(self, text: str) -> str:
        """Return a text with blanks in place of such nouns."""
        while (field := next(self._of_fields(text), None)) is not None:  # "der Wert im Feld Preis"
            start, end = field
            text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
        for (start, end), kept in self._of_names(text):
            text = f"{text[:start]}{kept}{' ' * (end - start - len(kept))}{text[end:]}"
        return text

    def _of_fields(self, text: str) -> Iterator[Span]:
        """Find nouns with the name of a field right behind: "unter dem Punkt Preis"."""
        found = words(text, self._language) if self._fields else ()
        for at, word in enumerate(found[:-1]):
            if word.stem not in self._fields or word.stem in self._labels.vocabulary:
                continue
            stems = [other.stem for other in found[at + 1 :] if other.content]
            named = any(stems[: len(attribute)] == [*attribute] for attribute in self._attributes)
            opened = _OPENED.fullmatch(text, word.end, found[at + 1].start) if named else None
            if opened and (opened.group().strip() or not self._language.nouns.compounds):
                led = self._language.questions.behind.search(text, max(0, word.start - _LED), word.start)
                # Behind a name it stays, so that the two do not become neighbours: "bei Lampe im Feld Preis".
                named = led is not None and any(m.span[1] + 1 == led.start() for m in self._labels.mentions(text))
                yield (word.start if led is None or named else led.start()), word.end

    def _of_names(self, text: str) -> Iterator[tuple[Span, str]]:
        """Find nouns beside whole names, each with what stays of it: the mark of an owner."""
        for mention in self._labels.mentions(text):
            start, end = mention.span
            if not self._labels.is_whole(text[start:end]):
                continue
            if not self._language.marks.spaced:
                yield from self._joined(text, mention.span)
            elif mention.owners:
                yield from self._before(text, start)
                yield from self._behind(text, end)

    def _before(self, text: str, start: int) -> Iterator[tuple[Span, str]]:
        found = [word for word in words(text, self._language) if word.end <= start]
        linked = bool(found) and text[found[-1].start : found[-1].end].lower().rstrip("'\u2019") in self._links
        noun = found[-1 - linked] if len(found) > linked else None
        if noun is None or not layout_of(text, self._language).unmarked(noun.end, start):
            return
        if self._is_kind(noun, text, linked=linked):
            elided = _ELIDED.search(text, max(0, noun.start - 3), noun.start)
            yield (elided.start() if elided else noun.start, start), ""

    def _behind(self, text: str, end: int) -> Iterator[tuple[Span, str]]:
        noun = next((word for word in words(text, self._language) if word.start >= end), None)
        if noun is None or not layout_of(text, self._language).unmarked(end, noun.start) or text[end : end + 1] != " ":
            return
        if self._is_kind(noun, text, linked=False):
            owning = re.search(rf"(?:{self._language.marks.possessive})\Z", text[noun.start : noun.end])
            yield (end, noun.end), owning.group() if noun.owning and owning else ""

    @cached_property
    def _links(self) -> frozenset[str]:
        return self._language.nouns.links

    def _is_kind(self, noun: Word, text: str, *, linked: bool) -> bool:
        """Whether a noun beside a name says of which kind that is."""
        lower = text[noun.start : noun.start + 1].islower()
        if not noun.content or noun.numeric or lower == self._language.marks.nouns_are_capital:
            return False
        if noun.stem in self._keys or self._labels.in_name(noun.stem) or (linked and noun.stem not in self._places):
            return False
        if noun.stem in self._introduced:
            return True
        return noun.stem in self._things and not (self._things & self._told) - self._keys - {noun.stem}

    def _joined(self, text: str, name: Span) -> Iterator[tuple[Span, str]]:
        """Find the nouns of a name in a script without spaces, where they are one word with it."""
        start, end = name
        first, last = start, end
        for word in words(text, self._language):
            if word.content and (word.start < start <= word.end):
                first = word.start
            if word.content and (word.start <= end < word.end):
                last = word.end
        before, behind = text[first:start], text[end:last]
        if text[end - 1].isdecimal() and behind[:1] in _COUNTED:
            behind = behind[1:]
        called = text[start:end]
        if (before or last > end) and all(not said or self._is_joined_kind(said, called) for said in (before, behind)):
            yield (first, start), ""
            yield (end, last), ""

    def _is_joined_kind(self, said: str, name: str) -> bool:
        stem = self._language.stem(said)
        if len(said) < 2 or folded(said) in self._labels.owners:
            return False
        if stem in self._keys:
            # The key that names are under is what all of them are: "扬州分店", of `分店: 扬州`.
            named = [self._table.items[label.item] for label in self._labels.labels if label.attribute == (stem,)]
            return any(item.value == name for item in named)
        if any(said in line for line in self._heads):
            return True
        return stem in self._things and not (self._things & self._told) - self._keys - {stem}

    @cached_property
    def _introduced(self) -> frozenset[str]:
        """The words of what introduces the records that may say what they are."""
        language = self._language
        telling = language.first | language.latest | language.plain | language.generic | language.cue_words
        telling |= language.stems(language.asking.apart) | language.places
        return frozenset(
            word.stem
            for line in self._heads
            for word in words(line, language)
            if word.content and not word.numeric and word.stem not in telling
        )

    @cached_property
    def _told(self) -> frozenset[str]:
        """The words of the prompt besides the question."""
        return frozenset(word.stem for word in words(self._query.context, self._language))

    @cached_property
    def _heads(self) -> tuple[str, ...]:
        """The line above the first record, if it names nothing and does not ask."""
        prompt = self._query.prompt
        places = [mention.chars[0] for item in self._table.items for mention in item.mentions]
        places += [span[0] for item in self._table.items if item.record is not None for span in item.record.spans]
        if not places:
            return ()
        first = prompt.rfind("\n", 0, min(places)) + 1
        begun = max((turn.start for turn in self._query.turns if turn.start <= first), default=0)
        low, high = self._query.span
        for line in list(filter(str.strip, reversed(prompt[begun:first].splitlines())))[:_HEADS]:
            found = words(line, self._language)
            if not any(word.content for word in found):
                continue
            at = prompt.rfind(line, begun, first)
            asks = at < high and low < at + len(line)
            named = any(mention.owners for mention in self._labels.mentions(line))
            return () if asks or named or len(found) > _HEAD_WORDS else (line,)
        return ()
