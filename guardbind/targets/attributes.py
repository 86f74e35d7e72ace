"""Finds which attribute a text names."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from guardbind.evidence import EvidenceTable
from guardbind.targets.implied import implied, said_in
from guardbind.targets.labels import Labels, LabelTable
from guardbind.text.layout import Layout, Span, layout_of, occurrences
from guardbind.text.words import Word, words

__all__ = ["WHOLE", "Attributes", "Match"]

# How much an agreement is worth: all words, all in another order, without those that are left out, a question word.
WHOLE = 1.0
_PERMUTED, _CORE, _CUE = 0.9, 0.8, 0.5
# What is only implied has to be somebody's who is named: with a lone owner's share it falls below what is enough.
_IMPLIED = 0.7

_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Match:
    """Bindings of one attribute that a text names.

    Attributes:
        labels: The bindings.
        score: How well, in [0, 1].
        start: Where the words begin.
        end: Where they end.
        said: The words themselves, where they only imply the attribute: "how heavy".
    """

    labels: tuple[Labels, ...]
    score: float
    start: int
    end: int
    said: frozenset[str] = frozenset()

    @property
    def attribute(self) -> tuple[str, ...]:
        """The words of the attribute."""
        return self.labels[0].attribute


class Attributes:
    """Finds the attributes of a table in a text.

    Args:
        table: What the prompt binds.
        labels: By which words.
    """

    def __init__(self, table: EvidenceTable, labels: LabelTable) -> None:
        self._table = table
        self._labels = labels
        self._language = labels.language
        groups: dict[tuple[str, ...], list[Labels]] = {}
        for label in labels.labels:
            groups.setdefault(label.attribute, []).append(label)
        self._groups = [tuple(group) for group in groups.values()]
        self._coded = {attribute for attribute in groups if len(attribute) == 1 and _DIGIT.search(attribute[0])}

    def of(self, items: Collection[int]) -> set[tuple[str, ...]]:
        """Return the attributes of some bindings; codes that are keys are all of one kind."""
        found = {self._labels.of(item).attribute for item in items if item in self._labels.items}
        return found | self._coded if found & self._coded else found

    def asked(self, text: str) -> list[Match]:
        """Return what a query asks for: of the attributes that fit best, each with its bindings.

        One whose value the query gives says whose the other one is. One that stands there in a modified form ("the
        shipping cost", "the price after") is another one, and then nothing is.
        """
        found = words(text, self._language)
        named = [self._named(text, found, group) for group in self._groups]
        if any(not self.gives(text, refused) for refused in _modified(named)):
            return []  # unless it stands before its value: "invoice INV-7"
        matches = [match for match, _ in named if match is not None and not self.gives(text, match)]
        return self._heads(text, _best(_outermost(matches))) or self._implied(text) or self._cued(text)

    def refused(self, text: str) -> set[tuple[str, ...]]:
        """Return the attributes that a text names in a modified form only."""
        found = words(text, self._language)
        return {match.attribute for match in _modified([self._named(text, found, group) for group in self._groups])}

    def wanted(self, text: str, beginning: Collection[int] = ()) -> list[Match]:
        """Return the attributes that a text before a slot names and gives no value for yet.

        Of several, those whose kind of value begins, but of "the height of the pedestal" never the pedestal; of two
        words in a row ("customer email") the last.
        """
        found = words(text, self._language)
        named = [self._named(text, found, group) for group in self._groups]
        if any(not self._answered(text, refused) for refused in _modified(named)):
            return []
        keys = [(match.start, match.end) for match, _ in named if match is not None]
        matches = [match for match, _ in named if match is not None and not self._answered(text, match, keys)]
        matches = _outermost(matches)
        begins = self.of(beginning)
        matches = [match for match in self._heads(text, matches) if match.attribute in begins] or matches
        kept = sorted(_best(matches), key=lambda match: match.end)
        while len(kept) > 1 and kept[0].end <= kept[1].start and not text[kept[0].end : kept[1].start].strip():
            kept = kept[1:]
        return kept

    def gives(self, text: str, match: Match) -> bool:
        """Whether a text gives a value of the attribute behind its name."""
        own = [surface for label in match.labels for surface in self._table.items[label.item].surfaces]
        return bool(occurrences(text[match.end :], own, any_case=True))

    def known(self, word: Word) -> bool:
        """Whether a word belongs to the keys or the names of the table, asks for one of several values, or is plain."""
        if self._orders(word) or word.stem in self._labels.vocabulary or word.stem in self._language.plain:
            return True
        return self._labels.in_name(word.stem)

    def _orders(self, word: Word) -> bool:
        """Whether a word asks for the first or the last of several values."""
        return word.stem in self._language.first or word.stem in self._language.latest

    def _joined(self, text: str) -> bool:
        """Whether words in another order are joined as they have to be: "the number of the badge"."""
        return re.search(rf"\b(?:{self._language.marks.of})\b", text, re.IGNORECASE) is not None

    def _named(self, text: str, found: Sequence[Word], group: tuple[Labels, ...]) -> tuple[Match | None, Match | None]:
        """Return where an attribute is named, and where it stands whole, but modified."""
        label = group[0]
        names = self._labels.aliases.get(label.attribute, ())
        said = [(place, word) for place, word in enumerate(found) if word.content]
        if all(stem in self._language.stop for stem in label.attribute):
            said = list(enumerate(found))
        layout = layout_of(text, self._language)
        best: Match | None = None
        refused: Match | None = None
        for wanted, score in ((label.attribute, WHOLE), *((name, WHOLE) for name in names), (label.core, _CORE)):
            if wanted in names and tuple(word.stem for word in found) == wanted:
                return Match(group, WHOLE, found[0].start, found[-1].end), None
            if not wanted or (score == _CORE and wanted == label.attribute):
                continue
            ordered, parts = sorted(wanted), set(wanted)
            for at in range(len(said) - len(wanted) + 1):
                if said[at][1].stem not in parts:
                    continue  # a long query has hundreds of words, and this is asked of every attribute
                window = said[at : at + len(wanted)]
                stems = tuple(word.stem for _, word in window)
                worth = score if stems == wanted else score * _PERMUTED if sorted(stems) == ordered else 0.0
                # What owns something ("the customer's phone") is not what is asked for.
                if not worth or window[-1][1].owning:
                    continue
                match = Match(group, worth, window[0][1].start, window[-1][1].end)
                turned = stems != wanted and not self._joined(text[match.start : match.end])
                if turned or not layout.same_clause(match.start, match.end):
                    continue
                if score == _CORE and (self._says_which(text, match) or self._of_which(found, window[0][0])):
                    continue
                if wanted in names and not self._alone(found, window[0][0], layout):
                    continue
                if not self._unmodified(
                    found, window[0][0], window[-1][0], label, layout, whole=score == WHOLE
                ) or self._headed(text, match.start):
                    refused = match if score == WHOLE else refused
                elif best is None or worth >= best.score:
                    best = match
            if best is not None:
                break
        return best, refused

    def _alone(self, found: Sequence[Word], first: int, layout: Layout) -> bool:
        """Whether a name of the caller stands by itself, or behind whose it is: a "customer id" is no "id"."""
        before = found[first - 1] if first else None
        if before is None or not before.content or not layout.unmarked(before.end, found[first].start):
            return True
        return before.owning or self._labels.in_name(before.stem) or self._orders(before)

    def _unmodified(
        self, found: Sequence[Word], first: int, last: int, label: Labels, layout: Layout, *, whole: bool
    ) -> bool:
        """Whether the words beside an attribute leave it what it is: "phone number" is no badge number."""
        beside = [
            place
            for place, edges in (
                (first - 1, slice(first - 1, first + 1)),
                (last + 1, slice(last, last + 2)),
            )
            if 0 <= place < len(found) and layout.unmarked(found[edges][0].end, found[edges][1].start)
        ]
        # "which item's price": the word in between is what the answer is, and leaves the price a price
        asked = first >= 2 and found[first - 2].stem in self._language.which and found[first - 1].owning
        unknown = [place for place in beside if found[place].content and not self.known(found[place])]
        before = found[first - 1] if first - 1 in beside else None
        if before is not None and before.content and first - 1 not in unknown and not self._leaves(before):
            unknown.insert(0, first - 1)  # "upload" of another key makes "upload status" another status
        if whole and before is not None and before.stem in self._language.leading and unknown[:1] == [first - 1]:
            unknown.pop(0)
        if before is not None and unknown[:1] == [first - 1] and found[first].numeric:
            unknown = unknown[before.stem in self._language.generic | self._language.coded :]  # "the key 42cae08d-605d"
        following = found[last + 1].stem if last + 1 in beside else ""
        dated = following in self._language.stems(self._language.vocabulary.dating) and self._is_dated(label)
        if whole and (dated or following in self._language.trailing) and unknown[-1:] == [last + 1]:
            unknown.pop()
        if not whole and following in self._language.generic and following not in label.attribute:
            return False  # "order number" is no order date
        return not unknown or (asked and unknown == [first - 1])

    def _is_dated(self, label: Labels) -> bool:
        """Whether all that is called as a binding is are dates: what is due has a due date."""
        return all(other.type == "date" for other in self._by_attribute[label.attribute])

    def _leaves(self, word: Word) -> bool:
        """Whether a word of the table before an attribute leaves it what it is."""
        modifies = word.stem in self._labels.modifiers or self._labels.in_name(word.stem)
        plain = word.stem in self._language.plain and word.stem not in self._labels.vocabulary
        return modifies or plain or self._orders(word) or word.numeric

    def _says_which(self, text: str, match: Match) -> bool:
        """Whether a noun only says what something else is or stands on: "order A-17", "on this receipt"."""
        turned = [label for label in match.labels if any(self._turned(label, owner) for owner in label.owners)]
        if turned:
            return False
        following = [m for m in self._labels.mentions(text) if 0 <= m.span[0] - match.end <= 2]
        names = any(label.owners & mention.owners for mention in following for label in match.labels)
        return names or bool(self._language.questions.behind.search(text, max(0, match.start - 20), match.start))

    def _of_which(self, found: Sequence[Word], first: int) -> bool:
        """Whether whose it is is asked for: "which shop's receipt" asks for no receipt number."""
        return first > 1 and found[first - 1].owning and found[first - 2].stem in self._language.which

    def _turned(self, label: Labels, owner: str) -> bool:
        """Whether a binding is turned round: its owners are the values that its attribute has."""
        item = self._table.items[label.item]
        return item.key == f"{item.attribute} {owner}" or item.attribute is None

    def _headed(self, text: str, start: int) -> bool:
        """Whether something of the attribute is meant, and not the attribute itself."""
        head = self._language.questions.head.search(text, max(0, start - 80), start)
        if head is None:
            return False
        nouns = self._language.marks.nouns_are_capital  # "wie war nochmal der Betrag"
        heads = [word for word in words(head["head"], self._language)[-1:] if word.capital or not nouns]
        return any(word.content and word.stem not in self._language.generic and not self.known(word) for word in heads)

    def _heads(self, text: str, matches: Sequence[Match]) -> list[Match]:
        """Leave out what only says of which thing another attribute is: "the state of Mara's ticket"."""
        ends = {match.end for match in matches}
        kept = []
        for match in matches:
            head = self._language.questions.head.search(text, max(0, match.start - 80), match.start)
            if head is None or head.end("head") not in ends:
                kept.append(match)
            elif match.score == WHOLE and any(
                other.end == head.end("head") and not other.labels[0].core for other in matches
            ):
                kept.append(match)  # "the amount of the shipping cost", where an amount is bound as well
        return kept

    def _answered(self, text: str, match: Match, keys: Sequence[Span] = ()) -> bool:
        """Whether a value stands behind the words already; the name of an owner is none, but for what they ask.

        Args:
            text: The text.
            match: The words.
            keys: Where keys stand in it: the number of "chapter 3" is no value if that is a key.
        """
        if self.gives(text, match):
            return True
        rest = text[match.end :]
        names = [mention.span for mention in self._labels.mentions(rest)]
        values = [start for (start, _), _ in occurrences(rest, self._surfaces)]
        values += [digit.start() for digit in _DIGIT.finditer(rest)]
        names += [(start - match.end, end - match.end) for start, end in keys if start >= match.end]
        return any(not any(a <= start < b for a, b in names) for start in values)

    @cached_property
    def _surfaces(self) -> list[str]:
        return [surface for item in self._table.items for surface in item.surfaces]

    def _implied(self, text: str) -> list[Match]:
        """Return what a question asks for by a verb, or by what it measures: "how heavy"."""
        found = implied(text, self._by_attribute, self._language)
        if found is None:
            return []
        attribute, span = found
        labels = self._by_attribute[attribute]
        if any(self._told(label) for label in labels):
            return []  # what a sentence tells, "Rex weighed 9 kg in May", others may say more of
        if any(self._named_by_another(label, text) for label in labels):
            return []  # "how old is Cork", where Ana of Cork has an age
        match = Match(labels, _IMPLIED, *span, said_in(text, span, self._language))
        return [] if self.gives(text, match) else [match]

    def _named_by_another(self, label: Labels, text: str) -> bool:
        """Whether a text names a record by something else than what it is of: the first of its names."""
        item = self._table.items[label.item]
        names = item.owners if item.record is None else item.record.names
        fitting = [mention for mention in self._labels.mentions(text) if mention.owners & label.owners]
        return bool(fitting) and not any(names[0] in mention.owners for mention in fitting)

    def _told(self, label: Labels) -> bool:
        """Whether a binding has the key of a sentence: "Rex's weight"."""
        item = self._table.items[label.item]
        possession = self._language.possession
        return item.attribute is not None and any(item.key == possession(own, item.attribute) for own in item.owners)

    @cached_property
    def _by_attribute(self) -> Mapping[tuple[str, ...], tuple[Labels, ...]]:
        return {group[0].attribute: group for group in self._groups}

    def _cued(self, text: str) -> list[Match]:
        if any(
            w.content and w.stem not in self._language.cue_words and not self.known(w)
            for w in words(text, self._language)
        ):
            return []
        for kind, pattern in self._language.questions.cues.items():
            if pattern.search(text):
                labels = tuple(label for label in self._labels.labels if label.type == kind)
                return [Match(labels, _CUE, 0, len(text))] if labels else []
        return []


def _modified(named: Sequence[tuple[Match | None, Match | None]]) -> list[Match]:
    """Return what stands there in a modified form only, and is no part of an attribute that stands there whole."""
    whole = [match for match, _ in named if match is not None]
    return [
        refused
        for match, refused in named
        if match is None
        and refused is not None
        and not any(other.start <= refused.start and refused.end <= other.end for other in whole)
    ]


def _outermost(matches: Sequence[Match]) -> list[Match]:
    """Leave out attributes within longer ones: "date" in "due date"."""

    def within(one: Match, other: Match) -> bool:
        inside = other.start <= one.start and one.end <= other.end
        return inside and other.end - other.start > one.end - one.start

    return [match for match in matches if not any(within(match, other) for other in matches)]


def _best(matches: Sequence[Match]) -> list[Match]:
    best = max((match.score for match in matches), default=0.0)
    return [match for match in matches if match.score == best]
