"""Tells whom a text names, and whether it is somebody or something else than what is bound."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from guardbind.evidence import EvidenceTable
from guardbind.targets.attributes import Attributes, Match
from guardbind.targets.labels import LabelTable, Named
from guardbind.targets.query import Query
from guardbind.text.layout import layout_of
from guardbind.text.words import Word, words

__all__ = ["Naming", "block_breaks"]

_BLOCK = re.compile(r"\n[ \t]*\n|\n-{3,}|\n\[(?![\d:./T -]+\])")  # a time in brackets begins a line of a log


def _is_name(value: str) -> bool:
    return value.istitle() and value.replace(" ", "").isalpha()


def block_breaks(text: str, start: int, end: int) -> list[re.Match[str]]:
    """Return where the records of a list are parted: by blank lines, dashes, or a name in brackets."""
    return list(_BLOCK.finditer(text, start, end))


def _indent(text: str, place: int) -> int:
    """Return how far the line of a place is indented."""
    start = text.rfind("\n", 0, place) + 1
    line = text[start:place]
    return len(line) - len(line.lstrip())


class Naming:
    """Reads the names in a text; each method looks for one reason why what is named is not what is bound.

    Args:
        table: What the prompt binds.
        query: What it asks.
        labels: How it is called.
        attributes: The same, by attribute.
    """

    def __init__(self, table: EvidenceTable, query: Query, labels: LabelTable, attributes: Attributes) -> None:
        self._table = table
        self._query = query
        self._labels = labels
        self._attributes = attributes
        self._language = query.language

    def foreign(self, text: str, *, known: str = "") -> bool:
        """Whether a text names something that nothing else does: a name in capitals, or a number.

        Args:
            text: The text.
            known: Text whose words are known too.
        """
        strangers = [word for word in self._strangers(text) if word.stem not in self._values]
        if not strangers:
            return False
        mentioned = {word.stem for word in self._words(known)}
        return any(word.stem not in mentioned for word in strangers)

    def renames(self, text: str, named: Sequence[Named]) -> bool:
        """Whether a name stands only for a part of what is named: "Birch House", where "House" is Oak House's."""
        unknown = {end for word in self._strangers(text) if word.capital for end in (word.start, word.end)}
        return any(
            {mention.span[0] - 1, mention.span[1] + 1} & unknown
            for mention in named
            if mention.owners and not self._labels.is_whole(text[slice(*mention.span)])
        )

    def beside(self, item: int, text: str) -> bool:
        """Whether what a text names by a name that is nobody's stands in the block of a binding."""
        prompt = self._query.prompt
        unowned = [word for word in self._strangers(text) if word.stem not in self._values]
        if not unowned:
            return True
        for mention in self._table.items[item].mentions:
            start = max((cut.end() for cut in block_breaks(prompt, 0, mention.chars[0])), default=0)
            stop = _BLOCK.search(prompt, mention.chars[1])
            block = {word.stem for word in self._words(prompt[start : stop.start() if stop else len(prompt)])}
            if all(word.stem in block for word in unowned) and not self._below_other(mention.chars[0], unowned):
                return True
        return False

    def _below_other(self, start: int, named: Sequence[Word]) -> bool:
        """Whether a statement stands deeper than a line that states nothing, and has none of some names in it."""
        prompt = self._query.prompt
        indent = _indent(prompt, start)
        line = prompt.rfind("\n", 0, start)
        while indent and line >= 0:
            above = prompt.rfind("\n", 0, line) + 1
            said = prompt[above:line]
            if not said.strip():
                return False
            if _indent(prompt, line) < indent:
                stated = any(above <= low < line for low in self._starts)
                return not stated and named[0].stem not in {word.stem for word in self._words(said)}
            line = above - 1
        return False

    @cached_property
    def _starts(self) -> list[int]:
        return [mention.chars[0] for item in self._table.items for mention in item.mentions]

    def misnamed(self, text: str, named: Sequence[Named]) -> bool:
        """Whether a name stands behind words that say it is something else: "the billing contact Dana"."""
        found, layout = self._words(text), layout_of(text, self._language)
        for mention in named:
            at = next((place for place, word in enumerate(found) if word.end > mention.span[0]), 0)
            run: list[Word] = []
            while at > 0 and found[at - 1].content and layout.unmarked(found[at - 1].end, found[at].start):
                at -= 1
                run.append(found[at])
            if len(run) > 1 and any(not self._attributes.known(word) for word in run):
                return True
        return False

    def has_something(self, text: str) -> bool:
        """Whether a name without a digit is written as an owner's: "Marcus's mentor", "la tutora de Marcus"."""
        of = self._language.statements.of
        for start, end in (mention.span for mention in self._labels.mentions(text)):
            if any(map(str.isdecimal, text[start:end])):
                continue
            before = text[max(0, start - 20) : start].lower().split()
            while before and before[-1] in self._language.statements.determiners:
                before.pop()
            if self._owned(text, end) != end or (len(before) > 1 and before[-1] in of and before[-2] not in of):
                return True
        return False

    def part_of_name(self, text: str, match: Match) -> bool:
        """Whether a text has a word of an owner's name that is a key by itself: the "director", beside the deputy's."""
        own = {word.stem for label in match.labels for owner in label.owners for word in self._words(owner)}
        keys = {label.attribute[0] for label in self._labels.labels if len(label.attribute) == 1}
        own = (own & keys).difference(match.attribute)
        return any(word.stem in own for word in self._words(text))

    def related(self, text: str, named: Sequence[Named], match: Match) -> bool:
        """Whether somebody is meant who is only related to one that is named: "Bob's manager", "a friend of Bob"."""
        asked = self._language.questions
        for mention in named:
            start, end = mention.span
            owned = asked.owned.match(text, end)
            if owned and (found := self._words(owned["noun"])):
                word = found[0]
                known = self._attributes.known(word) and not self._is_had(text, word, owned.start("noun"), match)
                if word.content and word.stem not in match.attribute and not known:
                    return True
            head = asked.related.search(text, max(0, start - 60), start)
            if head and (found := self._words(head["noun"])):
                word = found[-1]
                said = self._language.generic | match.said  # in "kostet der Hobel" the verb is no noun of the plane
                if word.content and word.stem not in said and not self._attributes.known(word):
                    return True
        return False

    def _is_had(self, text: str, word: Word, offset: int, match: Match) -> bool:
        """Whether a word behind an owner is somebody else: of "Ann's manager" the phone is asked, and not Ann's."""
        end = offset + word.end
        return (word.stem,) in self._leading and bool(text[end : max(end, match.start)].strip() or match.start < end)

    @cached_property
    def _leading(self) -> set[tuple[str, ...]]:
        """Attributes whose values name somebody else: a manager, and no ticket by whose code its own record goes."""
        having: dict[str, set[tuple[str, ...]]] = {}
        named: dict[str, list[frozenset[str]]] = {}
        for label in self._labels.labels:
            having.setdefault(str(self._table.items[label.item].value), set()).add(label.attribute)
            for owner in label.owners:
                named.setdefault(owner, []).append(label.owners)
        return {
            label.attribute
            for label in self._labels.labels
            if _is_name(value := str(self._table.items[label.item].value))
            or (len(having[value]) > 1 and not value.isdecimal())
            or any(owners.isdisjoint(label.owners) for owners in named.get(value, ()))
        }

    def bounded(self, text: str) -> bool:
        """Whether a text asks for a unit, a format or a limit: "in kg", "with leading zeros", "at least"."""
        text = self._labels.without_names(text)
        for found in self._language.questions.form.finditer(text):
            for word in self._words(found["form"])[:1]:
                known = self._attributes.known(word) or word.stem in self._language.places
                if word.content and word.stem not in self._said and not known:
                    return True
        return bool(self._language.questions.limits.search(text))

    def tied(self, match: Match, text: str, mention: Named, others: Sequence[Named]) -> bool:
        """Whether a name and the attribute stand together: "Bob's badge number", "the total of order A-1"."""
        start, end = mention.span
        left, right = (self._owned(text, end), match.start) if end <= match.start else (match.end, start)
        if not layout_of(text, self._language).unmarked(left, right):
            return False
        if any(word.content and not self._attributes.known(word) for word in self._words(text[left:right])):
            return False
        edges = sorted((start, end, *(edge for other in others if other is not mention for edge in other.span)))
        for one, other_start in zip(edges[1::2], edges[2::2], strict=False):
            listed = self._language.listed.fullmatch(text, one, other_start)
            if (one == end or other_start == start) and listed:
                return False
        return True

    def _strangers(self, text: str) -> list[Word]:
        """Return the words that are written as names are, and are neither of a key nor of a name of the table.

        That is in capitals, not only because a sentence begins, or with a digit.
        """
        layout = layout_of(text, self._language)
        # "order 7868" is named by its number, whatever it is
        numbered = {
            len(text[:start].rstrip())
            for start, end in (mention.span for mention in self._labels.mentions(text) if mention.owners)
            if any(map(str.isdecimal, text[start:end]))
        }
        return [
            word
            for word in self._words(text)
            if word.content
            and (word.numeric or word.end not in numbered)
            and (word.numeric or (word.capital and (word.owning or not layout.begins(word.start))))
            and not self._attributes.known(word)
            and word.stem not in self._language.coded
            and (word.numeric or word.owning or word.stem not in self._language.places)  # German: "laut Liste"
        ]

    @cached_property
    def _values(self) -> set[str]:
        """The stems of what values say."""
        return {word.stem for item in self._table.items for said in item.surfaces for word in self._words(said)}

    @cached_property
    def _said(self) -> set[str]:
        """The stems of what values say, and of what stands in the prompt outside of the question."""
        return self._values | {word.stem for word in self._words(self._query.context)}

    def _owned(self, text: str, end: int) -> int:
        """Return the place behind a name with what makes it the owner's."""
        owns = re.compile(rf"(?:{self._language.marks.possessive})(?!\w)").match(text, end)
        return owns.end() if owns else end

    def _words(self, text: str) -> tuple[Word, ...]:
        return words(text, self._language)
