"""Tells whether a text says more than what is bound: words that neither what is asked nor whose it is accounts for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, cached_property

from guardbind.evidence import EvidenceTable, Located
from guardbind.targets.attributes import Match
from guardbind.targets.labels import LabelTable, Named
from guardbind.targets.naming import block_breaks
from guardbind.targets.query import Query
from guardbind.text.language import Language
from guardbind.text.layout import Layout, Span, layout_of, occurrences
from guardbind.text.words import Word, words

__all__ = ["Accounts"]

_CORE = 0.6  # a match below it is by the kind of value alone
_APOSTROPHES = ("'", "\u2019")  # before the ending of an owner that a text is cut behind
_NEAR = 3  # words between an attribute and one that goes with it
_LED = 24  # characters before a word in which what leads to it stands
_MOST = 64  # bindings whose words are looked at; where more agree, none is taken
_LONGEST = 20_000  # characters of a record whose words are looked at


@cache
def _coordinated(language: Language) -> re.Pattern[str]:
    return re.compile(rf"[,;]?\s(?:{language.marks.joining})\s", re.IGNORECASE)


class Accounts:
    """Accounts for the words of a text.

    A word is accounted for if it says nothing, asks in general, belongs to the attribute or to the record that would be
    taken, stands in what the prompt says of that record, or says of which kind a name is ("order A-17").

    Args:
        table: What the prompt binds.
        query: What it asks.
        labels: How it is called.
    """

    def __init__(self, table: EvidenceTable, query: Query, labels: LabelTable) -> None:
        self._table = table
        self._query = query
        self._labels = labels
        self._language = query.language
        self._carriers = query.language.stems(query.language.questions.carriers)
        self._of: dict[int, frozenset[str]] = {}

    def clause(self, text: str, match: Match) -> str:
        """Return the sentence of a text in which an attribute is named, behind the last value that it gives before."""
        units = Layout(text, language=self._language).units(0, len(text))
        held = [unit for unit in units if unit.start <= match.start < max(unit.end, unit.start + 1)]
        start, end = (held[0].start, held[0].end) if held else (0, len(text))
        given = [span[1] for span, _ in occurrences(text[start : match.start], self._labels.values_but_names)]
        return text[start + max(given, default=0) : end]

    def mentions(self, text: str, match: Match) -> list[Named]:
        """Return where a text names owners, but by words of the attribute alone."""
        return [
            mention
            for mention in self._labels.mentions(text)
            if any(word.stem not in match.attribute for word in words(text[slice(*mention.span)], self._language))
        ]

    def questions(self, text: str) -> list[str]:
        """Return the sentences of a text that end with a question mark."""
        units = Layout(text, language=self._language).units(0, len(text))
        return [text[unit.start : unit.end] for unit in units if unit.question]

    def ambiguous_names(self, text: str, items: Sequence[int]) -> bool:
        """Whether a text gives one of several values of a key that nobody owns: one of several things in a list."""
        mine = {self._table.items[item].key for item in items}
        found: dict[str, list[Located]] = {}
        for item in self._table.items:
            if item.key not in mine and not item.owners:
                found.setdefault(item.key, []).append(item)
        surfaces = [
            surface for group in found.values() if len(group) > 1 for item in group for surface in item.surfaces
        ]
        return bool(occurrences(text, surfaces, any_case=True))

    def left(
        self,
        text: str,
        match: Match,
        items: Sequence[int],
        named: Sequence[Named] = (),
        *,
        keys_only: bool = False,
        request: bool = False,
        stems: Sequence[frozenset[str]] | None = None,
    ) -> list[Word]:
        """Return the words of a text that are not accounted for if one of some bindings is meant.

        Args:
            text: The text.
            match: What it asks for.
            items: The bindings; what accounts for a word of one of them does so for all.
            named: The names in the text.
            keys_only: What else is said of a binding accounts for nothing.
            request: The text may begin with the verb of a request: "extract the total".
            stems: The words that account for something, of each binding, in place of those of its record.
        """
        cued = match.score < _CORE  # what asks for a kind of value names no attribute: "the ticket price" is no budget
        if stems is None:
            stems = [self._of_key(item) if keys_only or cued else self._stems(item) for item in items[:_MOST]]
        own = set(match.attribute).union(match.said, *stems, *self._labels.aliases.get(match.attribute, ()))
        found = words(text, self._language)
        alone = not any(self._labels.of(item).owners for item in items)
        turned = any(self._turned(item) for item in items[:_MOST])
        # "Number" says nothing by itself: another number of the record is not that of the attribute.
        loose = self._language.generic | self._language.trailing
        return [
            word
            for place, word in enumerate(found)
            if word.content
            and not (word.end - word.start == 1 and text[word.start - 1 : word.start] in _APOSTROPHES)
            and (word.stem not in own or (word.stem in loose and not self._goes_with(found, place, match, own)))
            and (not self._general(word, text) or self._tells_apart(found, place, text, match, named))
            and not self._says_where(found, place, text)
            and not (word.stem in self._language.coded and _is_code(match))
            and not (request and place == 0 and not text.rstrip().endswith("?"))
            and (self._goes_on(found, place, text, named) or not self._beside(found, place, match))
            and not self._asks(found, place, text, turned=turned)
            and not self._several(word, text, named)
            and not self._kind(found, place, text, named)
            and not self._any_entry(found, place)
            and not (alone and not keys_only and self._carries(found, place, text))
            and not any(start <= word.start < end for start, end in (mention.span for mention in named))
        ]

    def _general(self, word: Word, text: str) -> bool:
        """Whether a word asks, or asks which of several values, and says nothing of whose they are."""
        language = self._language
        written = text[word.start : word.end].lower()
        asks = word.stem in language.first | language.latest | language.cue_words | language.plain
        asks = asks or written in language.statements.questions
        return asks or written in language.function_words or bool(language.statements.clause.fullmatch(written))

    def _says_where(self, found: Sequence[Word], place: int, text: str) -> bool:
        """Whether a word only says where to look: "in the attached list"; "of the list" may say whose it is."""
        language = self._language
        if found[place].stem not in language.places:
            return False
        plain = language.plain | language.places | language.generic
        while place and (found[place - 1].stem in plain):
            place -= 1
        led = language.questions.behind.search(text, max(0, found[place].start - _LED), found[place].start)
        return led is not None and led.group().split()[0].lower() not in language.statements.of

    def _tells_apart(self, found: Sequence[Word], place: int, text: str, match: Match, named: Sequence[Named]) -> bool:
        """Whether a word that asks in general says of which kind a part of a name is: "mail tray", of a tea tray."""
        word, following = found[place], found[place + 1] if place + 1 < len(found) else None
        if word.stem not in self._language.cue_words or match.score < _CORE or following is None:
            return False
        parts = [mention.span for mention in named if not self._labels.is_whole(text[slice(*mention.span)])]
        beside = layout_of(text, self._language).unmarked(word.end, following.start)
        return beside and any(start == following.start and text[start].islower() for start, _ in parts)

    def _goes_with(self, found: Sequence[Word], place: int, match: Match, own: set[str]) -> bool:
        """Whether a word like "number" is one of the attribute, or stands behind the rest of another one."""
        before = found[place - 1] if place else None
        return match.start <= found[place].start < match.end or (
            before is not None and before.content and before.stem in own
        )

    def _beside(self, found: Sequence[Word], place: int, match: Match) -> bool:
        """Whether a word like "number" stands beside the attribute: "the value of x"; elsewhere it is another one."""
        if found[place].stem not in self._language.generic | self._language.trailing:
            return False
        near = found[max(0, place - _NEAR) : place + _NEAR + 1]
        following = next((at for at in range(place + 1, len(found)) if found[at].content), None)
        if following is not None and self._beside(found, following, match):
            return True  # "the value for the key x"
        return any(match.start <= word.start < match.end or word.stem in match.attribute for word in near)

    def _goes_on(self, found: Sequence[Word], place: int, text: str, named: Sequence[Named]) -> bool:
        """Whether a word goes on with a name of which only a part is known: "oscar campos", of Oscar Ríos."""
        before = found[place - 1] if place else None
        if before is None or not layout_of(text, self._language).unmarked(before.end, found[place].start):
            return False
        parts = (mention.span for mention in named)
        return any(end == before.end and not self._labels.is_whole(text[start:end]) for start, end in parts)

    def _several(self, word: Word, text: str, named: Sequence[Named]) -> bool:
        """Whether a word says of which kind something named is, of which the prompt tells that it has several."""
        written = text[word.start : word.end].lower()
        return bool(named) and any(len(other) > len(written) for other in self._forms.get(word.stem, ()))

    @cached_property
    def _forms(self) -> Mapping[str, set[str]]:
        """The spellings of each word outside of the question, by its stem."""
        found: dict[str, set[str]] = {}
        context = self._query.context
        for word in words(context, self._language):
            found.setdefault(word.stem, set()).add(context[word.start : word.end].lower())
        return found

    def is_asked(self, word: Word, text: str) -> bool:
        """Whether a word says what is asked for: "which colour", "what kind of floor"."""
        found = words(text, self._language)
        place = found.index(word)
        if (
            self._any_entry(found, place)
            or word.stem in self._language.measured | self._language.generic | self._language.trailing
        ):
            return False
        return place > 0 and found[place - 1].stem in self._language.which

    def _any_entry(self, found: Sequence[Word], place: int) -> bool:
        """Whether a word says no more than that a field holds something: "which value", "welche Angabe"."""
        entries = self._language.stems(self._language.nouns.entries)
        return place > 0 and found[place].stem in entries and found[place - 1].stem in self._language.which

    def _turned(self, item: int) -> bool:
        """Whether a value is asked whose it is: "which item has the price $5"."""
        located = self._table.items[item]
        return any(located.key == f"{located.attribute} {owner}" for owner in self._labels.of(item).owners)

    def _asks(self, found: Sequence[Word], place: int, text: str, *, turned: bool) -> bool:
        """Whether a word says of which thing it is asked, "which item's price", or how much of it."""
        if not place:
            return False
        before = found[place - 1]
        if text[before.start : before.end].lower() not in self._language.statements.doubts:
            return False
        if turned and (place + 1 == len(found) or not found[place + 1].content):
            return True
        return found[place].owning or found[place].stem in self._language.measured

    def _kind(self, found: Sequence[Word], place: int, text: str, named: Sequence[Named]) -> bool:
        """Whether a word says of which kind a name behind it is: "order A-17", "client Ed"; no "scheduler service"."""
        following = found[place + 1] if place + 1 < len(found) else None
        if self._elided(found, place, named):
            return True
        if found[place].stem in self._language.apart:
            return False  # "old Ann", where an Ann is known
        if following is None or not layout_of(text, self._language).unmarked(found[place].end, following.start):
            return False
        for start, end in (mention.span for mention in named):
            if start == following.start:
                written = text[start:end]
                # "Tall Reed" is no Reed of the kind Tall, where a Quin Reed is known.
                noun = not (self._language.marks.nouns_are_capital or found[place].capital)
                whole = noun or self._labels.is_whole(written)
                return any(map(str.isdecimal, written)) or (written[:1].isupper() and whole)
        return False

    def _elided(self, found: Sequence[Word], place: int, named: Sequence[Named]) -> bool:
        """Whether a word is what a name leaves out: "the train to Turin", which is called "09:14 to Turin"."""
        link, name = (*found[place + 1 : place + 3], None, None)[:2]
        if link is None or name is None or link.content:
            return False
        whole = [owner for mention in named if mention.span[0] == name.start for owner in mention.owners]
        return any(link.stem in {word.stem for word in words(owner, self._language)} for owner in whole)

    def _carries(self, found: Sequence[Word], place: int, text: str) -> bool:
        """Whether a word says what a key that nobody owns stands on: "the receipt from Summit Gear"."""
        if found[place].stem in self._carriers:
            return True
        rest = found[place + 1 : place + 3] if self._language.marks.spaced else ()
        return len(rest) == 2 and not rest[0].content and (rest[1].capital or rest[1].numeric)

    def _stems(self, item: int) -> frozenset[str]:
        if item not in self._of:
            located = self._table.items[item]
            label = self._labels.of(item)
            texts = [located.key, *label.owners, *(() if located.record is None else located.record.names)]
            texts += self._siblings(located)
            texts += [self._query.prompt[slice(*span)] for span in self._told(located, alone=not label.owners)]
            self._of[item] = frozenset(word.stem for text in texts for word in words(text, self._language))
        return self._of[item]

    def _of_key(self, item: int) -> frozenset[str]:
        return frozenset(word.stem for word in words(self._table.items[item].key, self._language))

    def _siblings(self, located: Located) -> list[str]:
        """Return what else the owner of a binding has, or what else is in its record."""
        places = [] if located.record is None else self._by_record.get(located.record.id, [])
        places = [*places, *(place for owner in located.owners for place in self._by_owner.get(owner, [])[:_MOST])]
        others = [self._table.items[place] for place in dict.fromkeys(places)]
        return [other.key if other.attribute is None else other.attribute for other in others]

    @cached_property
    def _by_record(self) -> Mapping[str, list[int]]:
        found: dict[str, list[int]] = {}
        for item in self._table.items:
            if item.record is not None:
                found.setdefault(item.record.id, []).append(item.index)
        return found

    @cached_property
    def _by_owner(self) -> Mapping[str, list[int]]:
        found: dict[str, list[int]] = {}
        for item in self._table.items:
            for owner in item.owners:
                found.setdefault(owner, []).append(item.index)
        return found

    def _told(self, located: Located, *, alone: bool) -> list[Span]:
        """Return where the prompt speaks of a binding: its record, or what stands in a block with a key nobody owns."""
        prompt = self._query.prompt
        spans = [mention.chars for mention in located.mentions]
        if located.record is not None:
            spans += [span for span in located.record.spans if span[1] - span[0] <= _LONGEST]
        spans = [self._block(span) if alone else self._unit(prompt, span) for span in spans]
        start, end = self._query.span
        cut = [(first, min(last, start)) for first, last in spans] + [(max(first, end), last) for first, last in spans]
        return [span for span in cut if span[0] < span[1]]

    def _block(self, span: Span) -> Span:
        prompt = self._query.prompt
        first = max((turn.start for turn in self._query.turns if turn.start <= span[0]), default=0)
        last = min((turn.end for turn in self._query.turns if turn.end >= span[1]), default=len(prompt))
        start = max((cut.end() for cut in block_breaks(prompt, max(first, span[0] - _LONGEST), span[0])), default=first)
        after = block_breaks(prompt, span[1], min(last, span[1] + _LONGEST))
        return start, after[0].start() if after else last

    def _unit(self, prompt: str, span: Span) -> Span:
        """Return a span with the rest of its line, up to where sentences end beside it."""
        low = max(prompt.rfind("\n", 0, span[0]) + 1, span[0] - 400)
        high = prompt.find("\n", span[1])
        high = min(len(prompt) if high < 0 else high, span[1] + 400)
        for other in _coordinated(self._language).finditer(prompt, span[1], high):
            if any(map(str.isdecimal, prompt[other.end() : high])):
                high = other.start()  # "12 for adults and 7 for children" says of another one what follows
                break
        units = Layout(prompt[low:high], language=self._language).units(0, high - low)
        start = max((unit.start + low for unit in units if unit.start + low <= span[0]), default=low)
        end = min((unit.end + low for unit in units if unit.end + low >= span[1]), default=high)
        return start, end


def _is_code(match: Match) -> bool:
    """Whether what is asked for is called by one code, of which nothing tells what kind of value it has."""
    return len(match.attribute) == 1 and any(map(str.isdecimal, match.attribute[0]))
