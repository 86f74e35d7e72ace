"""Tells which bindings a sentence contradicts that nothing was read from."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import accumulate, zip_longest
from typing import NamedTuple

from guardbind.evidence import EvidenceTable, Located
from guardbind.extraction.kinds import alike
from guardbind.extraction.stance import rejects
from guardbind.extraction.struck import is_struck
from guardbind.targets.query import Query
from guardbind.targets.turn_layout import TurnLayout
from guardbind.text.layout import Layout, Span
from guardbind.text.values import classify
from guardbind.text.words import content, words

__all__ = ["UnreadSentences"]

_CLOSING = ".,;:!?)(\"'\u201c\u201d"
_ONE_OF = frozenset({"date", "money"})
_TELLING = frozenset({"system", "user"})
_LONGEST = 400  # characters of a sentence that is looked at
# "5117 g", "42 \u5428", "17 February 1960", "$84.20": what may be a value with its unit, as it stands in a sentence.
_NUMBERS = (
    re.compile(r"[$\u20ac\u00a3\u00a5]?\d[\d.,:/'\u00a0\u202f-]*\d|[$\u20ac\u00a3\u00a5]?\d"),
    re.compile(r"\d[\d.,]*[ \u00a0\u202f]?[^\W\d_]{1,6}(?![^\W_])"),
    re.compile(r"\d[\d.,]*[\u4e00-\u9fff]"),
    re.compile(r"\d[\d.,]*[\u4e00-\u9fff]{2}"),
    re.compile(r"\d{1,2}\.? (?:de )?[^\W\d_]{3,10}\.? (?:de )?\d{4}|[^\W\d_]{3,10} \d{1,2}(?:[a-z]{2})?,? \d{4}"),
)
_NAME = re.compile(r"(?<=[^\s.!?:] )[A-Z\u00c0-\u00de][\w'\u2019-]*(?: [A-Z\u00c0-\u00de][\w'\u2019-]*)*")
_WORDS_OF_A_SENTENCE = 3


class _Sentence(NamedTuple):
    """A sentence without a statement: its text and words, and what of it could be a value.

    `rejected`: it denies, supposes or quotes what it says. `leads`: it says before the question what that is about.
    """

    said: str
    stems: frozenset[str]
    values: tuple[str, ...]
    span: Span
    rejected: bool
    leads: bool


class UnreadSentences:
    """What a prompt says besides its statements.

    What is read may be a stranger's, and what was not read may be what it contradicts. So where a sentence names whose
    value it is and gives another one of its kind, nobody can tell which holds.

    Args:
        table: What the prompt binds.
        query: What it asks; its sentences give nothing.
        turns: The layout of the prompt.
    """

    def __init__(self, table: EvidenceTable, query: Query, turns: TurnLayout) -> None:
        self._turns = turns
        self._table = table
        self._query = query

    def contradicts(self, item: Located) -> bool:
        """Whether such a sentence gives another value of the kind of a binding's, or may do so, to the same owner.

        It may where it names the owner and the attribute, whatever else it says; and of a value that nobody owns, where
        it names whom the question names, or where a tool states that value and the sentence, which has a word of the
        question, is the user's or the system's.
        """
        language = self._query.language
        asked = frozenset(word.stem for word in words(item.attribute or item.key, language) if word.content)
        wanted = [frozenset(word.stem for word in words(name, language)) for name in item.owners] or [asked]
        own = {surface.casefold() for surface in item.surfaces}
        if not item.owners and (self._told_elsewhere(item) or self._told_by_a_party(item, asked)):
            return True
        for sentence in self._sentences:
            if self._replaces(sentence, item):
                return True
            if not (
                any(want and want <= sentence.stems for want in wanted)
                # Without spaces a name is cut out of a run of characters by chance only.
                or (not language.marks.spaced and any(name in sentence.said for name in item.owners))
            ):
                continue
            # What nothing in the prompt states was told before all of it.
            told = item.mentions[-1].chars[0] if item.mentions else -1
            if sentence.span[0] > told and self._withdraws(sentence, item, asked):
                return True
            if sentence.rejected and not self._gives_instead(sentence, item):
                continue
            if item.owners and not sentence.leads and asked and asked <= sentence.stems:
                return True
            values = [value for value in sentence.values if value.casefold() not in own]
            if any(alike(value, surface) for value in values for surface in item.surfaces):
                return True
            if self._names_another(sentence.said, item):
                return True
        return self._misread(item) or self._dated_elsewhere(item)

    def _gives_instead(self, sentence: _Sentence, item: Located) -> bool:
        """Whether a sentence that denies gives another value as well: "not 14, but 41", "where I put 14, read 41"."""
        language = self._query.language
        if language.changes.but.search(sentence.said):
            return True
        patterns = (language.questions.corrected, language.disowning.reshuffled)
        return not self._stranger(sentence.span, item) and any(found.search(sentence.said) for found in patterns)

    def _stranger(self, span: Span, item: Located) -> bool:
        """Whether a tool says something where user or system state a binding."""
        told = [self._roles(mention.chars) for mention in item.mentions]
        return self._roles(span) == {"tool"} and any(_TELLING & roles for roles in told)

    def _misread(self, item: Located) -> bool:
        """Whether something was read under another name that says of an owner another value of the kind.

        "Luna has grown: 44 kg" has a key and a value, and is no less a sentence about Luna.
        """
        own = {surface.casefold() for surface in item.surfaces}
        asked = frozenset(word.stem for word in words(item.attribute or item.key, self._query.language) if word.content)
        owners, names = frozenset(item.owners), [name for name in item.owners if len(name) > 1]
        for other in self._table.items:
            # Of a large table hardly any statement has the name of another owner: that is asked before all else.
            naming = [chars for mention in other.mentions if self._says_one(chars := mention.chars, names)]
            if not naming or other.index == item.index or not owners.isdisjoint(other.owners):
                continue
            if item.record is not None and other.record is not None and item.record.id == other.record.id:
                continue
            values = [value for value in _values(other.value or "") if value.casefold() not in own]
            if not any(alike(value, surface) for value in values for surface in item.surfaces):
                continue
            for chars in naming:
                if self._stranger(chars, item):
                    continue
                stems = frozenset(word.stem for word in words(self._query.prompt[slice(*chars)], self._query.language))
                if not other.owners or (asked and asked <= stems and not self._query.language.marks.spaced):
                    return True
                if asked and asked <= stems and asked & self._stems_of(other.owners):
                    return True
        return False

    def _says_one(self, chars: Span, names: Sequence[str]) -> bool:
        """Whether a stretch that is not too long has one of some names."""
        start, end = chars
        if end - start > _LONGEST:
            return False
        said = self._query.prompt[start:end]
        return any([name in said for name in names])

    def _stems_of(self, names: Iterable[str]) -> frozenset[str]:
        return frozenset(word.stem for name in names for word in words(name, self._query.language))

    def _withdraws(self, sentence: _Sentence, item: Located, asked: frozenset[str]) -> bool:
        """Whether a sentence about an owner says that what was told of it does not hold, and gives nothing instead.

        "Forget what I said about Jo: the extension is not known yet." A denial of another value leaves the one that
        was told: "It is not true that Jo's extension is 3381."
        """
        if not item.owners:
            return False
        if any(alike(value, surface) for value in sentence.values for surface in item.surfaces):
            return False
        if self._names_another(sentence.said, item):
            return False
        language = self._query.language
        if language.disowning.asker.search(sentence.said):
            return False
        # What leads to the question may only say what is wanted: "Tell me what Jo's extension is."
        denies = language.questions.negated.search(sentence.said) is not None if sentence.leads else sentence.rejected
        if denies and asked & sentence.stems:
            return True
        return any(
            pattern.search(sentence.said)
            for pattern in (
                language.disowning.withdrawn,
                language.disowning.told,
                language.changes.sorry,
                language.changes.stale,
                language.disowning.labels,
                language.disowning.notes,
                language.statements.denied,
                language.unsettling.belied,
            )
        )

    def _replaces(self, sentence: _Sentence, item: Located) -> bool:
        """Whether a sentence has the value of a binding and another one of its kind: "For 14 read 41"."""
        for surface in item.surfaces:
            if any(map(str.isdecimal, surface)) and re.search(rf"(?<!\w){re.escape(surface)}(?!\w)", sentence.said):
                return any(value != surface and alike(value, surface) for value in sentence.values)
        return False

    def speaks_of(self, item: Located) -> bool:
        """Whether such a sentence names whose value a binding is, whatever it says of that."""
        return any(name in sentence.said for sentence in self._sentences for name in item.owners if len(name) > 1)

    def _names_another(self, said: str, item: Located) -> bool:
        """Whether a sentence has a name where the value of a binding is one: "Corey started for Northside Pacers"."""
        value = item.value or ""
        if not item.owners or not value[:1].isupper() or any(map(str.isdecimal, value)):
            return False
        own = " ".join((*item.surfaces, *item.owners)).casefold()
        return any(name.casefold() not in own for name in _NAME.findall(said))

    def _dated_elsewhere(self, item: Located) -> bool:
        """Whether another record states a date or an amount of the same owner, under a name that may mean the same.

        "Born on" in a table and "birth date" in a sentence are one thing, and no list of words tells all of these.
        """
        kind = classify(item.value or "").type
        if kind not in _ONE_OF or not item.owners or item.record is None:
            return False
        names = {name.casefold() for name in item.owners}
        return any(
            other.attribute != item.attribute
            and other.value not in item.surfaces
            and other.record is not None
            and other.record.id != item.record.id
            and names.intersection(map(str.casefold, other.owners))
            and classify(other.value or "").type == kind
            and any(self._apart(mention.chars[0], item) for mention in other.mentions)
            for other in self._table.items
        )

    def _told_elsewhere(self, item: Located) -> bool:
        """Whether a sentence or a key that stands apart from a binding names whom the question names."""
        if any(
            not said.leads and self._asked_of & said.stems
            for said in self._sentences
            if self._apart(said.span[0], item)
        ):
            return True
        return any(
            self._asked_of.intersection(word.stem for word in words(other.key, self._query.language))
            and other.value != item.value
            and any(self._apart(mention.chars[0], item) for mention in other.mentions)
            for other in self._table.items
        )

    def _told_by_a_party(self, item: Located, attribute: frozenset[str]) -> bool:
        """Whether user or system speak of what is asked for, where only a tool states a binding."""
        if any(self._roles(mention.chars) != {"tool"} for mention in item.mentions):
            return False
        about = self._asked_about | attribute
        return any(
            not said.leads and about & said.stems and _TELLING & self._roles(said.span) for said in self._sentences
        )

    def _roles(self, span: Span) -> set[str | None]:
        """Return who speaks in a stretch, which may begin with what marks a turn."""
        return {turn.role for turn in self._query.turns if turn.start < span[1] and span[0] < turn.end}

    def _apart(self, start: int, item: Located) -> bool:
        """Whether something stands outside of the block of a binding: a heading in it says whose it is."""
        places = [mention.chars[0] for mention in item.mentions]
        return not any(self._in_block(min(start, place), max(start, place)) for place in places)

    def _in_block(self, start: int, end: int) -> bool:
        parted = any(start < turn.start <= end for turn in self._query.turns)
        return not parted and self._layout.same_block(start, end)

    @property
    def _layout(self) -> Layout:
        return self._turns.layout

    @cached_property
    def _asked_of(self) -> frozenset[str]:
        """The words of the question that may say whose value it asks for."""
        found = content(words(self._query.text, self._query.language))
        return frozenset(word.stem for word in found if word.capital or word.numeric)

    @cached_property
    def _asked_about(self) -> frozenset[str]:
        """The words of the question that are about something."""
        return frozenset(word.stem for word in content(words(self._query.text, self._query.language)))

    def _speaks(self, item: Located) -> bool:
        """Whether what was read as the value of a key is a sentence of an owner: "New weight: Tiger has 5 kg"."""
        value = item.value or ""
        if item.owners or len(value.split()) < _WORDS_OF_A_SENTENCE:
            return False
        return any(name != value and name in value for name in self._owners)

    @cached_property
    def _owners(self) -> frozenset[str]:
        return frozenset(name for item in self._table.items for name in item.owners if len(name) > 1)

    def _names(self) -> set[str]:
        """Return all that the prompt states as a value, a key or a name."""
        found = {name for item in self._table.items for name in (*item.surfaces, *item.owners, item.key)}
        return found.union(*(item.record.names for item in self._table.items if item.record is not None))

    @cached_property
    def _known(self) -> frozenset[str]:
        """All that is stated, and each word of it."""
        names = self._names().difference(item.value for item in self._table.items if self._speaks(item))
        return frozenset(part.strip(_CLOSING).casefold() for name in names for part in (name, *name.split()))

    @cached_property
    def _sentences(self) -> tuple[_Sentence, ...]:
        text, language = self._query.prompt, self._query.language
        start, end = self._query.span
        lead = self._query.lead.strip()
        # A heading belongs to its record, and states nothing besides.
        stated = sorted(
            {mention.chars for item in self._table.items if not self._speaks(item) for mention in item.mentions}
            | {
                span
                for item in self._table.items
                if item.record is not None and not self._speaks(item)
                for span in item.record.spans
            }
        )
        starts = [first for first, _ in stated]
        reach = list(accumulate((last for _, last in stated), max))
        found = []
        units = self._layout.units(0, len(text))
        for unit, following in zip_longest(units, units[1:]):
            place = bisect_left(starts, unit.end)
            if place and reach[place - 1] > unit.start:
                continue  # which is most of them where the prompt is a table
            said = text[unit.start : unit.end]
            behind = "" if following is None else text[following.start : following.end]
            corrected = language.changes.stale.search(behind) or language.questions.corrected.search(behind)
            if corrected and any(map(str.isdecimal, said)):
                continue  # a value that is taken back at once was left out for that
            if unit.question or start <= unit.start < end or len(said) > _LONGEST or is_struck(said):
                continue
            if any(turn.role == "assistant" and turn.start <= unit.start < turn.end for turn in self._query.turns):
                continue
            values = tuple(value for value in _values(said) if value.casefold() not in self._known)
            stems = frozenset(word.stem for word in words(said, language))
            leads = bool(lead) and said.strip() == lead
            found.append(_Sentence(said, stems, values, (unit.start, unit.end), rejects(said, language), leads))
        return tuple(found)


def _values(said: str) -> list[str]:
    """Return what of a sentence could be a value with digits, each with the words that may be its unit."""
    parts = [value for part in said.split() if any(map(str.isdecimal, value := part.strip(_CLOSING)))]
    return list(
        dict.fromkeys([*parts, *(found.group().strip(_CLOSING) for each in _NUMBERS for found in each.finditer(said))])
    )
