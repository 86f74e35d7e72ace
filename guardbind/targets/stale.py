"""Tells which bindings may no longer hold: something said later changes or takes them back, and no value was read."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache, cached_property

from guardbind.evidence import EvidenceTable, Located
from guardbind.extraction.changes import gives_other, says_change
from guardbind.extraction.kinds import alike
from guardbind.extraction.stance import is_former, rejects
from guardbind.targets.query import Query
from guardbind.text.language import Language
from guardbind.text.layout import Layout, Span, Unit
from guardbind.text.words import words

__all__ = ["Doubts"]

_OPENING = " \t\r\n-*>\"'("
_CLOSING = ".,;:!?)(\"'\u201c\u201d"
_WORD = re.compile(r"\w")
_BULLET = re.compile(r"\s*(?:(?:[-*+\u2022\u2013]|\d{1,3}[.)])\s+)?[\"'\u201c\u201e\u00ab*_(]*")
_QUOTED = re.compile(r"\s*>")
_DELETED = re.compile(r"\s*(?:del|unset|delete)\s+(?P<name>[\w.$-]+)\s*;?\s*\Z")
_TAGGED = re.compile(r"(?P<key>.+?)\s*[(\[\uff08](?P<tag>[^()]+)[)\]\uff09]")


class Doubts:
    """What a prompt says about its own statements.

    Args:
        table: What the prompt binds.
        query: What it asks; its sentences change nothing.
    """

    def __init__(self, table: EvidenceTable, query: Query) -> None:
        self._table = table
        self._query = query
        self._language = query.language

    def former(self, item: Located) -> bool:
        """Whether a value is said to be one of the past, where it is stated last."""
        text = self._query.prompt
        return bool(item.mentions) and is_former(text, item.mentions[-1].chars, self._language)

    def only_was(self, last: Located, others: Sequence[Located]) -> bool:
        """Whether the last of several values is told as what was, and another one as what is."""
        return self._was(last) and any(not self._was(item) and not self.former(item) for item in others)

    def stale(self, item: Located) -> bool:
        """Whether something behind a value says that it is no longer so, and no newer value of it was read there."""
        return item.index in self._stale

    def framed(self, last: Located, others: Sequence[Located]) -> bool:
        """Whether the last of several values stands in a sentence that begins with something else than what it is of.

        "It would be wrong to write that", "Leaflet B:", "[2]": no list of such openings ends, so the last value counts
        where its sentence says nothing before, or has words of change; and not where new text quotes an older one.
        """
        if not last.mentions:
            return False
        text, language = self._query.prompt, self._language
        start, value = last.mentions[-1].chars[0], last.mentions[-1].value_chars[0]
        line = text.rfind("\n", 0, start) + 1
        if _QUOTED.match(text, line, start):
            starts = [mention.chars[0] for item in others for mention in item.mentions]
            return not all(_QUOTED.match(text, text.rfind("\n", 0, at) + 1, at) for at in starts)
        if value <= start or not _verbs(language).search(text, start, value):
            return False
        turns = [turn.start for turn in self._query.turns if turn.start <= start < turn.end]
        begun = max([self._layout.unit_start(start), *turns])
        opening = _BULLET.match(text, begun, start)
        begun = opening.end() if opening else begun
        said, lead = text[begun:value], text[begun:start]
        if self._changes(said, lead):
            return False
        known = language.statements.determiners | language.speech.plain | language.statements.mine
        return any(text[begun + word.start : begun + word.end].lower() not in known for word in words(lead, language))

    def says_newer(self, item: Located) -> bool:
        """Whether the sentence that states a value last has words of change before it."""
        text = self._query.prompt
        start, value = item.mentions[-1].chars[0], item.mentions[-1].value_chars[0]
        turns = [turn.start for turn in self._query.turns if turn.start <= start < turn.end]
        begun = max([self._layout.unit_start(start), *turns])
        return self._changes(text[begun : max(start, value)], text[begun:start])

    def _changes(self, said: str, lead: str) -> bool:
        """Whether a sentence has words of change up to its value, or begins with such."""
        language = self._language
        if language.changes.cue.match(lead.lstrip(_OPENING)) or language.questions.corrected.search(lead):
            return True
        if language.statements.new.search(said) or re.search(language.statements.changed, said):
            return True
        return any(word.stem in language.latest for word in words(said, language))

    def _was(self, item: Located) -> bool:
        """Whether the sentence that states a value last is in the past, and says of no change."""
        if not item.mentions:
            return False
        mention = item.mentions[-1]
        said = self._query.prompt[mention.chars[0] : mention.value_chars[0]]
        language = self._language
        return bool(language.speech.past.search(said)) and not language.statements.new.search(said)

    @cached_property
    def _stale(self) -> frozenset[int]:
        found: set[int] = set()
        last = {index: span[1] for span, index in self._placed}
        starts = [start for (start, _), _ in self._placed]
        for unit in self._layout.units(0, len(self._query.prompt)):
            before = bisect_left(starts, unit.start)
            if not before or bisect_left(starts, unit.end) != before or self._asks(unit) or self._answers(unit):
                continue
            # What is stated again behind the words that took it back holds again; what is stated nowhere is not old.
            concerned = self._concerned(unit, before)
            found.update(index for index in concerned if index in last and last[index] <= unit.start)
        return frozenset(found | self._tagged())

    def _tagged(self) -> set[int]:
        """Return what has a newer value under a key that says so: "password" beside "password (new)"."""
        newer, by_key = self._language.changes.newer, defaultdict[str, list[Located]](list)
        for item in self._table.items:
            by_key[item.key.casefold()].append(item)
        found: set[int] = set()
        for item in self._table.items:
            tagged = _TAGGED.fullmatch(item.key)
            if tagged and newer.fullmatch(tagged["tag"].strip()):
                key = tagged["key"]
            elif led := newer.match(item.key):
                key = item.key[led.end() :].strip()
            else:
                continue
            found.update(other.index for other in by_key.get(key.casefold(), ()) if other.index != item.index)
        return found

    @cached_property
    def _placed(self) -> list[tuple[Span, int]]:
        """Where the bindings are stated, in textual order."""
        return sorted((mention.chars, item.index) for item in self._table.items for mention in item.mentions)

    @cached_property
    def _layout(self) -> Layout:
        return Layout(self._query.prompt, language=self._language)

    @cached_property
    def _labels(self) -> Mapping[str, Sequence[tuple[int, frozenset[str]]]]:
        """The bindings, each with the words of its attribute, by one of these words."""
        found: defaultdict[str, list[tuple[int, frozenset[str]]]] = defaultdict(list)
        for item in self._table.items:
            label = item.attribute or item.key
            wanted = [word.stem for word in words(label, self._language) if word.content]
            if wanted:
                found[wanted[0]].append((item.index, frozenset(wanted)))
        return found

    def _asks(self, unit: Unit) -> bool:
        start, end = self._query.span
        return unit.question or start <= unit.start < end

    def _answers(self, unit: Unit) -> bool:
        """Whether the assistant says it: what it wrote is no evidence, for no change either."""
        return any(turn.role == "assistant" and turn.start <= unit.start < turn.end for turn in self._query.turns)

    def _concerned(self, unit: Unit, before: int) -> set[int]:
        """Return what a sentence without a statement may be about: what it names, or else what was stated last.

        Args:
            unit: The sentence.
            before: How many statements stand before it.
        """
        text, language = self._query.prompt, self._language
        said = text[unit.start : unit.end]
        if deleted := _DELETED.match(said):
            return {item.index for item in self._table.items if item.key == deleted["name"]}
        changes, corrected = language.changes, language.questions.corrected.search(said)
        named = self._named(said)
        if gives_other(said, language):
            return named  # "Her phone is 5550199" says nothing of what has another name
        change = says_change(text, unit, language)
        if not (corrected or change or changes.stale.search(said)):
            return self._replaced(unit, said, before) if named or changes.refers.search(said) else set()
        if not named and (change or changes.refers.match(said.lstrip(_OPENING))):
            named = self._last(before)
        named = named or self._partly(said, before) or self._replaced(unit, said, before) or self._touched(said)
        if not named and corrected:
            named = {index for _, index in self._placed[:before]}
        return named

    def _touched(self, said: str) -> set[int]:
        """Return what is of somebody whom a sentence of change names, or has a name for its value that it names."""
        stems = {word.stem for word in words(said, self._language)}
        found: set[int] = set()
        for item in self._table.items:
            names = [*item.owners, *(item.surfaces if item.value and not any(map(str.isdecimal, item.value)) else ())]
            wanted = [{word.stem for word in words(name, self._language)} for name in names]
            if any(want and want <= stems for want in wanted):
                found.add(item.index)
        return found

    def _replaced(self, unit: Unit, said: str, before: int) -> set[int]:
        """Return what is named or the sentence before states, if this one has another value of its kind.

        So it is with "They moved her to 9F" and "Her seat turned out to be 9F".
        """
        between = self._query.prompt[self._placed[before - 1][0][1] : unit.start]
        last, named = self._last(before), self._named(said)
        if named and rejects(said, self._language):
            return set()  # "Nobody says that Eva's pin is 4410" was not bound for a reason
        if not named and _WORD.search(between):
            return set()
        last = named or last
        values = [value.strip(_CLOSING) for value in said.split() if any(map(str.isdecimal, value))]
        values = [value for value in values if value.casefold() not in self._names]
        found: set[int] = set()
        for index in last:
            own = self._table.items[index].surfaces
            others = [value for value in values if value.casefold() not in {surface.casefold() for surface in own}]
            if any(alike(value, surface) for value in others for surface in own):
                found.add(index)
        return found

    @cached_property
    def _names(self) -> frozenset[str]:
        """What things are called, which is no value of another one."""
        keys = {item.key.casefold() for item in self._table.items}
        return frozenset(keys | {name.casefold() for item in self._table.items for name in item.owners})

    def _last(self, before: int) -> set[int]:
        """Return what stands in the last line or sentence that states something."""
        begun = self._layout.unit_start(max(0, self._placed[before - 1][0][1] - 1))
        found: set[int] = set()
        while before and self._placed[before - 1][0][1] > begun:
            before -= 1
            found.add(self._placed[before][1])
        return found

    def _partly(self, said: str, before: int) -> set[int]:
        """Return what the last sentence states, of those whose attribute this one names in part: "The code"."""
        stems = {word.stem for word in words(said, self._language) if word.content}
        return {
            index
            for index in self._last(before)
            for item in (self._table.items[index],)
            if any(word.stem in stems for word in words(item.attribute or item.key, self._language))
        }

    def _named(self, said: str) -> set[int]:
        """Return the bindings whose attribute a sentence names in full; of them those whose owner it names, if any."""
        stems = {word.stem for word in words(said, self._language)}
        named = {index for stem in stems for index, label in self._labels.get(stem, ()) if label <= stems}
        return {index for index in named if self._owned(self._table.items[index], stems)} or named

    def _owned(self, item: Located, stems: set[str]) -> bool:
        return any({word.stem for word in words(name, self._language)} <= stems for name in item.owners)


@cache
def _verbs(language: Language) -> re.Pattern[str]:
    return re.compile(rf"(?:{language.statements.verbs})")
