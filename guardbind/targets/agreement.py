"""The target of a slot by what agrees: the attribute that is asked for, and the owner that is named."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from guardbind.evidence import EvidenceTable, Resolution
from guardbind.evidence._scan import occurrences
from guardbind.evidence.resolve import How
from guardbind.extraction.values import ValueType
from guardbind.targets.labels import Labels, label_table
from guardbind.targets.query import Query
from guardbind.targets.types import Place
from guardbind.targets.words import FIRST, LATEST, Word, content, is_content, words

__all__ = ["Agreement"]

# How much each kind of agreement is worth; a score is the product of the attribute's, the owner's and the place's.
_WHOLE, _PERMUTED, _CORE, _CUE = 1.0, 0.9, 0.8, 0.5
_NAMED, _CARRIED, _LONE = 1.0, 0.9, 0.6
_IN_QUERY = 0.9

_CUES: dict[ValueType, re.Pattern[str]] = {
    "date": re.compile(r"\bwhen\b|\bwhat\s+(?:date|day)\b", re.IGNORECASE),
    "money": re.compile(r"\bhow\s+much\b|\bcosts?\b|\bprice\b|\bpaid\b|\bpay\b", re.IGNORECASE),
    "email": re.compile(r"\be-?mail(?:ed)?\b", re.IGNORECASE),
    "url": re.compile(r"\b(?:url|link|website)\b", re.IGNORECASE),
}

_DIGIT = re.compile(r"\d")
_BEGINS = re.compile(r"[.!?:\n]\s*[\"'(]*\Z")
_PARTS = re.compile(r"[.,;:!?()\[\]{}|\"\n]")
_WHICH = frozenset({"which", "what", "whose"})


@dataclass(frozen=True, slots=True)
class _Match:
    """Bindings whose attribute is named, how well, and where the words end."""

    labels: tuple[Labels, ...]
    score: float
    end: int


class Agreement:
    """Finds the target of a slot by the words around it. Nothing is guessed: what two bindings fit is unresolved.

    Pronouns are not followed: an owner that the sentence does not name is looked for in the query.

    Args:
        table: What the row's prompt binds.
        query: What it asks.
    """

    def __init__(self, table: EvidenceTable, query: Query) -> None:
        self.query = query
        self._table = table
        self._labels = label_table(table)
        self._surfaces = [s for item in table.items if item.value is not None for s in (item.value, *item.aliases)]
        self._values = {word.stem for surface in self._surfaces for word in words(surface)}
        self._asked: Resolution | None = None
        # "the previous release" is asked for by its name
        odd = [why for word, why in query.odd if not {w.stem for w in words(word)} <= self._labels.vocabulary]
        self._refusal = odd[0] if odd else None

    @property
    def names_owner(self) -> bool:
        """Whether the query names an owner of anything."""
        return bool(self._labels.named(self.query.text))

    @property
    def asked(self) -> Resolution:
        """The target by the query alone."""
        if self._asked is None:
            self._asked = self._of_query()
        return self._asked

    def names(self, text: str) -> bool:
        """Whether a text names the attribute of a binding and gives no value for it yet."""
        return self._attribute(text, before=True) is not None

    def resolve(
        self, place: Place | None, *, beginning: Collection[int] = (), automatic: bool = False
    ) -> Resolution:
        """Return the target of a slot.

        Args:
            place: What stands before the slot; None where the answer begins.
            beginning: Bindings whose values the model is about to begin.
            automatic: That they begin is all that makes it a slot. What the query asks for then has to be of their
                kind, unless nothing was said before.
        """
        if self._refusal is not None:
            return _unresolved(self._refusal)
        if place is not None:
            match = self._attribute(place.asks, before=True, beginning=beginning)
            if match is not None and automatic and not self._of_kind(match, beginning):
                return _unresolved("the value that begins is of another kind than what the slot's sentence names")
            if match is not None:
                found = self._owned(match, place.about, "sentence", "the slot's own sentence names it")
                return found if found.index is not None else self._asked_after_all(place, beginning) or found
            if automatic and self._speaks(place):
                return self._by_kind(place, beginning)
        return self.asked

    def _of_query(self) -> Resolution:
        if self._refusal is not None:
            return _unresolved(self._refusal)
        for text in (self.query.text, f"{self.query.lead} {self.query.text}"):
            match = self._attribute(text, before=False)
            if match is not None:
                found = self._owned(match, text, "query", "the query names it")
                return replace(found, score=found.score * _IN_QUERY)
        return _unresolved("neither the slot's sentence nor the query names an attribute that is bound")

    def _by_kind(self, place: Place, beginning: Collection[int]) -> Resolution:
        """Take what is asked for if a value of that kind begins, else what the owner has of the kind that does."""
        kinds = {label.attribute for label in self._labels.labels if label.item in beginning}
        asked = self.asked
        if asked.index is not None and self._of(asked.index).attribute in kinds:
            about_it = not self._elsewhere(place.about, self._of(asked.index)) and not self._foreign(place.about)
            return asked if about_it else _unresolved("the slot's sentence is about something else")
        if len(kinds) != 1:
            return _unresolved("the value that begins is of another kind than what is asked for")
        if asked.index is None and not kinds & self._named_in_query():
            return _unresolved("the query asks for something that is not bound")
        labels = tuple(label for label in self._labels.labels if label.attribute in kinds)
        match = _Match(labels, _CUE, 0)
        found = self._owned(match, place.about, "entity", "the owner that is named has one value of this kind")
        return found if found.index is not None else _unresolved(found.reason)

    def _named_in_query(self) -> set[tuple[str, ...]]:
        match = self._attribute(self.query.text, before=False)
        return set() if match is None else {label.attribute for label in match.labels}

    def _asked_after_all(self, place: Place, beginning: Collection[int]) -> Resolution | None:
        """Return what the query asks for, if the sentence is about its owner and a value of its kind begins."""
        asked = self.asked
        if asked.index is None:
            return None
        target = self._of(asked.index)
        kinds = {label.attribute for label in self._labels.labels if label.item in beginning}
        return asked if target.attribute in kinds and target.owners & self._labels.named(place.about).keys() else None

    def _of_kind(self, match: _Match, beginning: Collection[int]) -> bool:
        kinds = {label.attribute for label in self._labels.labels if label.item in beginning}
        return not kinds or any(label.attribute in kinds for label in match.labels)

    def same_kind(self, target: int, items: Collection[int]) -> bool:
        """Whether one of some bindings is of the kind of another: whoever has them, it is the same that they have."""
        return any(self._of(item).attribute == self._of(target).attribute for item in items)

    def _of(self, item: int) -> Labels:
        return next(label for label in self._labels.labels if label.item == item)

    def _speaks(self, place: Place) -> bool:
        """Whether the slot's sentence says anything that the query did not."""
        known = {word.stem for word in words(self.query.text)}
        return any(word.stem not in known for word in content(words(place.about)))

    def _attribute(self, text: str, *, before: bool, beginning: Collection[int] = ()) -> _Match | None:
        """Return the bindings whose attribute a text names.

        Before a slot it is the last one that has no value yet; of several, one whose kind of value begins goes first.
        """
        found = words(text)
        matches = [match for labels in self._by_attribute() if (match := self._named(found, labels)) is not None]
        if before:
            matches = [match for match in matches if not self._answered(text, match)]
            matches = [match for match in matches if beginning and self._of_kind(match, beginning)] or matches
        else:
            # An attribute whose value the query gives is not asked for: it says whose the other one is.
            matches = [match for match in matches if not self._gives(text, match)]
        if not matches and not before:
            matches = self._cued(text)
        if not matches:
            return None
        best = max(match.score for match in matches)
        kept = [match for match in matches if match.score == best]
        if before:
            last = max(match.end for match in kept)
            kept = [match for match in kept if match.end == last]
        return _Match(tuple(label for match in kept for label in match.labels), best, kept[-1].end)

    def _by_attribute(self) -> list[tuple[Labels, ...]]:
        groups: dict[tuple[str, ...], list[Labels]] = {}
        for label in self._labels.labels:
            groups.setdefault(label.attribute, []).append(label)
        return [tuple(group) for group in groups.values()]

    def _named(self, found: Sequence[Word], labels: tuple[Labels, ...]) -> _Match | None:
        label = labels[0]
        said = [(place, word) for place, word in enumerate(found) if is_content(word)] if label.attribute else []
        if not any(is_content(word) for word in words(" ".join(label.attribute))):
            said = list(enumerate(found))
        best: _Match | None = None
        for wanted, score in ((label.attribute, _WHOLE), (label.core, _CORE)):
            if not wanted or (score == _CORE and wanted == label.attribute):
                continue
            for at in range(len(said) - len(wanted) + 1):
                window = said[at : at + len(wanted)]
                stems = tuple(word.stem for _, word in window)
                worth = score if stems == wanted else score * _PERMUTED if sorted(stems) == sorted(wanted) else 0.0
                if not worth or not self._unmodified(found, window[0][0], window[-1][0]):
                    continue
                if best is None or worth >= best.score:
                    best = _Match(labels, worth, window[-1][1].end)
            if best is not None:
                return best
        return best

    def _unmodified(self, found: Sequence[Word], first: int, last: int) -> bool:
        """Whether the words beside an attribute leave it what it is: "phone number" is no badge number."""
        beside = [place for place in (first - 1, last + 1) if 0 <= place < len(found)]
        # "which item's price": the word in between is what the answer is, and leaves the price a price
        asked = first >= 2 and found[first - 2].stem in _WHICH and found[first - 1].owning
        unknown = [place for place in beside if is_content(found[place]) and not self._known(found[place])]
        return not unknown or (asked and unknown == [first - 1])

    def _known(self, word: Word) -> bool:
        if word.stem in FIRST or word.stem in LATEST or word.stem in self._labels.vocabulary:
            return True
        return any(word.stem in {part.stem for part in words(name)} for name in self._labels.owners)

    def _gives(self, text: str, match: _Match) -> bool:
        own = [surface for label in match.labels for surface in self._table.items[label.item].surfaces]
        return bool(occurrences(text[match.end :], own, any_case=True))

    def _answered(self, text: str, match: _Match) -> bool:
        """Whether a value stands behind the words already; the name of an owner is none, but for what they ask."""
        rest = text[match.end :]
        names = self._labels.places(rest)
        if self._gives(text, match):
            return True

        def is_name(start: int) -> bool:
            return any(a <= start < b for a, b in names)

        values = [start for (start, _), _ in occurrences(rest, self._surfaces)]
        values += [digit.start() for digit in _DIGIT.finditer(rest)]
        return any(not is_name(start) for start in values)

    def _cued(self, text: str) -> list[_Match]:
        for kind, pattern in _CUES.items():
            if pattern.search(text):
                labels = tuple(label for label in self._labels.labels if label.type == kind)
                return [_Match(labels, _CUE, len(text))] if labels else []
        return []

    def _owned(self, match: _Match, about: str, how: How, reason: str) -> Resolution:
        """Choose among bindings of one attribute by the owner."""
        for text, worth in ((about, _NAMED), (self.query.text, _CARRIED)):
            named = self._labels.named(text)
            if named and self._foreign(text, known=self.query.context):
                return _unresolved(f"{reason}, but names something that the prompt does not")
            if self._misnamed(text):
                return _unresolved(f"{reason}, but calls something by an attribute that it does not have here")
            agreeing = {label.item: len(label.owners & named.keys()) for label in match.labels}
            most = max(agreeing.values(), default=0)
            if most:
                items = [item for item, count in agreeing.items() if count == most]
                items = self._last_named(items, named) if how == "sentence" else items
                return self._take(items, match.score * worth, how, f"{reason}, and its owner")
            owned = any(label.owners for label in match.labels)
            if named or self._foreign(text, known="" if owned else self.query.context):
                return _unresolved(f"{reason}, but of something that has no such value here")
        items = [label.item for label in match.labels]
        return self._take(items, match.score * _LONE, how, f"{reason}; no owner is named")

    def _last_named(self, items: Iterable[int], named: dict[str, int]) -> list[int]:
        """Of owners in one sentence, the one that was named last counts."""
        items = list(items)
        last = {item: max(named.get(owner, -1) for owner in self._of(item).owners) for item in items}
        return [item for item in items if last[item] == max(last.values())]

    def _misnamed(self, text: str) -> bool:
        """Whether a name stands behind words that say it is something else: "the billing contact Dana"."""
        found = words(text)
        for start, _ in self._labels.places(text):
            at = next((place for place, word in enumerate(found) if word.end > start), 0)
            run: list[Word] = []
            while at > 0 and is_content(found[at - 1]) and not _PARTS.search(text, found[at - 1].end, found[at].start):
                at -= 1
                run.append(found[at])
            unknown = any(not self._known(word) for word in run)
            if unknown and len(run) > 1:
                return True
        return False

    def _elsewhere(self, text: str, target: Labels) -> bool:
        """Whether a text names owners, and none of the target's."""
        named = self._labels.named(text)
        return bool(named) and not target.owners & named.keys()

    def _foreign(self, text: str, *, known: str = "") -> bool:
        """Whether a text names something that nothing else does: a name in capitals, or a number."""
        mentioned = self._values | {word.stem for word in words(known)}
        for place, word in enumerate(words(text)):
            starts = place == 0 or bool(_BEGINS.search(text, 0, word.start))
            names = (word.capital and (word.owning or not starts)) or word.numeric
            if names and is_content(word) and word.stem not in mentioned and not self._known(word):
                return True
        return False

    def _take(self, items: Sequence[int], score: float, how: How, reason: str) -> Resolution:
        """Return the one binding among some: of one key its first or last value, of several the value they share."""
        keys = {self._table.items[item].key for item in items}
        if len(keys) == 1:
            key = keys.pop()
            which = self.query.which or "last"
            item = self._table.first(key) if which == "first" else self._table.last(key)
            history = len(self._table.history(key))
            if history > 1:
                reason = f"{reason}; the {which} of {history} values in the text"
            return Resolution(item.index, how, reason, key, score)
        values = {self._table.items[item].value for item in items}
        if len(values) == 1:
            first = self._table.items[items[0]]
            return Resolution(first.index, how, f"{reason}; all of them have one value", first.key, score)
        return _unresolved(f"ambiguous: {len(keys)} bindings agree equally")


def _unresolved(reason: str) -> Resolution:
    return Resolution(None, "unresolved", reason, None, 0.0)
