"""The target of a slot by what agrees: the attribute that is asked for, and the owner that is named."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import pairwise

from guardbind.evidence import EvidenceTable, Located
from guardbind.evidence.claim import LISTED
from guardbind.targets.attributes import WHOLE, Attributes, Match
from guardbind.targets.by_key import How, Resolution
from guardbind.targets.labels import Named, label_table
from guardbind.targets.place import Place
from guardbind.targets.query import Order, Query, odd_words, order_of, several
from guardbind.text.layout import occurrences
from guardbind.text.words import GENERIC, Word, content, is_content, words

__all__ = ["Agreement"]

# What an owner is worth, by where it is named; a score is the product with that of the attribute.
_NAMED, _CARRIED, _LONE = 1.0, 0.9, 0.6
_IN_QUERY = 0.9
_KIND = 0.5
_LEAST = 0.4

_BEGINS = re.compile(r"[.!?:\n]\s*[\"'(]*\Z")
_PARTS = re.compile(r"[.,;:!?()\[\]{}|\"\n]")
_OWNS = re.compile(r"\A['\u2019]s?(?!\w)")
_PLURAL = re.compile(r"\b(?:are|were)\b", re.IGNORECASE)
_PAST = re.compile(r"\b(?:was|were|from|used\s+to|before|previously|earlier|then|after)\b", re.IGNORECASE)
_WHOSE = re.compile(r"\b(?:my|your|our|his|her|its|their)\s+(?:\w+\s+){0,2}\Z", re.IGNORECASE)
_CORRECTED = re.compile(
    r"\b(?:correction|scratch\s+that|i\s+meant|my\s+mistake|exchanged|swapped|reassigned)\b", re.IGNORECASE
)
_BLOCK = re.compile(r"\n[ \t]*\n|\n-{3,}|\n\[")
_DIGIT = re.compile(r"\d")
_FORM = re.compile(r"\b(?:in|as|without|per)\s+(?:the\s+|an?\s+)?(?P<form>[^\W\d_]+)", re.IGNORECASE)
_LIMITS = re.compile(
    r"\b(?:includes?|including|between|at\s+least|at\s+most|over|under|about|around|said|thought|starts?\s+with"
    r"|begins?\s+with|ends?\s+with|contains?)\b",
    re.IGNORECASE,
)
_OWNED = re.compile(r"['\u2019]s\s+(?P<noun>[^\W\d_]+)")
_RELATED = re.compile(r"\b(?P<noun>[^\W\d_]+)\s+of\s+\Z")

_SENTENCE = "the slot's own sentence names it"


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
        self._attributes = Attributes(table, self._labels)
        self._surfaces = [surface for item in table.items for surface in item.surfaces]
        self._values = {word.stem for surface in self._surfaces for word in words(surface)}
        self._known_words = self._values | {word.stem for word in words(query.context)}
        self._asked: Resolution | None = None
        self._refusal = self._odd(query.odd)
        self._refused = self._attributes.refused(query.text)

    @property
    def names_owner(self) -> bool:
        """Whether the query names an owner of anything."""
        return bool(self._labels.mentions(self.query.text))

    @property
    def asked(self) -> Resolution:
        """The target by the query alone."""
        if self._asked is None:
            self._asked = self._of_query()
        return self._asked

    def names(self, text: str) -> bool:
        """Whether a text names the attribute of a binding and gives no value for it yet."""
        return bool(self._attributes.wanted(text))

    def same_kind(self, target: int, items: Collection[int]) -> bool:
        """Whether one of some bindings is of the attribute of another, whoever has them."""
        return bool(self._attributes.of(items) & self._attributes.of([target]))

    def resolve(self, place: Place | None, *, beginning: Collection[int] = (), automatic: bool = False) -> Resolution:
        """Return the target of a slot.

        Args:
            place: What stands before the slot; None where the answer begins.
            beginning: Bindings whose values the model is about to begin.
            automatic: That they begin is all that makes it a slot. What is asked for then has to be of their
                attribute, unless nothing was said before.
        """
        if self._refusal is not None:
            return _unresolved(self._refusal)
        if place is None:
            return self.asked
        if (odd := self._odd(odd_words(place.about))) is not None:
            return _unresolved(f"in the slot's sentence {odd}")
        if several(place.about):
            return _unresolved("the slot's sentence speaks of several")
        wanted = self._attributes.wanted(place.asks, beginning)
        if len(wanted) > 1:
            return _unresolved("the slot's sentence names several attributes")
        if wanted:
            return self._of_sentence(wanted[0], place, beginning, automatic)
        if automatic and self._speaks(place):
            return self._by_kind(place, beginning)
        return self.asked

    def _of_sentence(self, match: Match, place: Place, beginning: Collection[int], automatic: bool) -> Resolution:
        begins = self._attributes.of(beginning)
        if match.attribute in self._refused:
            return _unresolved("the query names it in another form than it is bound in")
        if self._bounded(place.asks[match.end :]):
            return _unresolved("the slot's sentence says more about it than its value")
        asked = self.asked.index
        if begins and match.attribute not in begins:
            meant = asked is not None and bool(self._attributes.of([asked]) & begins)
            if automatic or meant or match.score < WHOLE:
                return _unresolved("the value that begins is of another kind than what the slot's sentence names")
        if automatic and match.score < WHOLE and not place.asks[match.end :].strip():
            return _unresolved("a name that follows a noun says which, and need not be asked for")
        found = self._owned(match, place, "sentence", _SENTENCE)
        return found if found.index is not None else self._asked_after_all(place, begins) or found

    def _of_query(self) -> Resolution:
        if self._refusal is not None or several(self.query.text):
            return _unresolved(self._refusal or "the query asks for several")
        if self._bounded(self.query.text):
            return _unresolved("the query asks for it in another form")
        texts = [self.query.text]
        if not self._refused and not self.names_owner and not self._foreign(self.query.text):
            texts.append(f"{self.query.lead} {self.query.text}")
        for text in texts:
            found = self._attributes.asked(text)
            if len(found) > 1:
                return _unresolved("the query names several attributes")
            if found:
                resolution = self._owned(found[0], Place(text, text), "query", "the query names it")
                return replace(resolution, score=resolution.score * _IN_QUERY)
        return _unresolved("neither the slot's sentence nor the query names an attribute that is bound")

    def _by_kind(self, place: Place, beginning: Collection[int]) -> Resolution:
        """Take what is asked for if a value of it begins, else what the owner that is named has of what begins."""
        begins = self._attributes.of(beginning)
        names = [mention.span for mention in self._labels.mentions(place.about)]
        digits = [found.start() for found in _DIGIT.finditer(place.about)]
        given = any(not any(a <= digit < b for a, b in names) for digit in digits)
        if given or _PLURAL.search(place.about) or self._gives_some(place.about, begins):
            return _unresolved("the slot's sentence lists values")
        if _LIMITS.search(place.about) or self._attributes.refused(place.about):
            return _unresolved("the slot's sentence says something else")
        asked = self.asked
        if asked.index is not None and self._attributes.of([asked.index]) & begins:
            own = self._labels.of(asked.index).owners
            named = self._labels.mentions(place.about)
            about_it = all(mention.owners & own for mention in named) and not self._foreign(place.about)
            return asked if about_it else _unresolved("the slot's sentence is about something else")
        if len(begins) != 1:
            return _unresolved("the value that begins is of another kind than what is asked for")
        if asked.index is None and not begins & {match.attribute for match in self._attributes.asked(self.query.text)}:
            return _unresolved("the query asks for something that is not bound")
        labels = tuple(label for label in self._labels.labels if label.attribute in begins)
        end = len(place.about)
        return self._owned(
            Match(labels, _KIND, end, end), place, "entity", "the owner that is named has one value of this kind"
        )

    def _gives_some(self, text: str, attributes: set[tuple[str, ...]]) -> bool:
        items = [self._table.items[label.item] for label in self._labels.labels if label.attribute in attributes]
        return bool(occurrences(text, [surface for item in items for surface in item.surfaces]))

    def _asked_after_all(self, place: Place, begins: set[tuple[str, ...]]) -> Resolution | None:
        """Return what the query asks for, if the sentence is about its owner alone and such a value begins."""
        asked = self.asked
        if asked.index is None or not self._attributes.of([asked.index]) & begins:
            return None
        own = self._labels.of(asked.index).owners
        named = self._labels.mentions(place.about)
        return asked if named and all(mention.owners & own for mention in named) else None

    def _speaks(self, place: Place) -> bool:
        """Whether the slot's sentence says anything that the query did not."""
        known = {word.stem for word in words(self.query.text)}
        return any(word.stem not in known for word in content(words(place.about)))

    def _owned(self, match: Match, place: Place, how: How, reason: str) -> Resolution:
        """Choose among the bindings of one attribute by the owner that is named."""
        sources = [(place.about, _NAMED), (self.query.text, _CARRIED)] if how != "query" else [(place.about, _NAMED)]
        for source, (text, worth) in enumerate(sources):
            named = self._labels.mentions(text)
            if named and self._foreign(text, known=self.query.context):
                return _unresolved(f"{reason}, but names something that the prompt does not")
            if self._misnamed(text, named) or self._related(text, named, match):
                return _unresolved(f"{reason}, but calls something by an attribute that it does not have here")
            if any(label.owners & mention.owners for label in match.labels for mention in named):
                running = source == 0 and how != "query"
                items = self._choose(match, place, text, named) if running else self._agreeing(match, named)
                if not items:
                    return _unresolved(f"{reason}, but not clearly whose it is")
                return self._take(items, match.score * worth, how, f"{reason}, and its owner", place)
            owned = any(label.owners for label in match.labels)
            if named or self._foreign(text, known="" if owned else self.query.context):
                return _unresolved(f"{reason}, but of something that has no such value here")
        items = [label.item for label in match.labels]
        if not all(self._beside(item, text) for text, _ in sources for item in items):
            return _unresolved(f"{reason}, but of something that stands elsewhere")
        return self._take(items, match.score * _LONE, how, f"{reason}; no owner is named", place)

    def _agreeing(self, match: Match, named: Sequence[Named]) -> list[int]:
        """Return the bindings that all names fit; those that some fit where no other does."""
        counts = {label.item: sum(bool(label.owners & m.owners) for m in named) for label in match.labels}
        some = [item for item, count in counts.items() if count]
        whole = [item for item in some if counts[item] == len(named)]
        return whole or some

    def _choose(self, match: Match, place: Place, text: str, named: Sequence[Named]) -> list[int]:
        """Return whose value the slot's sentence is about.

        It is nobody's where two owners are named and neither is tied to the attribute, or where the only one is another
        than the query's. What stands before a value that was given already belongs to that one.
        """
        given = max((span[1] for span, _ in occurrences(text, self._surfaces)), default=0)
        since = [mention for mention in named if mention.span[0] >= given] or list(named)
        prose = place.asks == place.about
        tied = [mention for mention in since if prose and self._tied(match, text, mention, since)]
        items = self._agreeing(match, tied or since)
        keys = {self._table.items[item].key for item in items}
        if tied or len(keys) != 1:
            return items if len(keys) == 1 else []
        asked = self.asked.index
        own = frozenset[str]() if asked is None else self._labels.of(asked).owners
        return [] if prose and own and not own & self._labels.of(items[0]).owners else items

    def _tied(self, match: Match, text: str, mention: Named, others: Sequence[Named]) -> bool:
        """Whether a name and the attribute stand together: "Bob's badge number", "the total of order A-1"."""
        start, end = mention.span
        between = _OWNS.sub("", text[end : match.start] if end <= match.start else text[match.end : start])
        if _PARTS.search(between) or any(is_content(w) and not self._attributes.known(w) for w in words(between)):
            return False
        edges = sorted((start, end, *(edge for other in others if other is not mention for edge in other.span)))
        for left, right in zip(edges[1::2], edges[2::2], strict=False):
            if (left == end or right == start) and LISTED.fullmatch(text, left, right):
                return False
        return True

    def _misnamed(self, text: str, named: Sequence[Named]) -> bool:
        """Whether a name stands behind words that say it is something else: "the billing contact Dana"."""
        found = words(text)
        for mention in named:
            at = next((place for place, word in enumerate(found) if word.end > mention.span[0]), 0)
            run: list[Word] = []
            while at > 0 and is_content(found[at - 1]) and not _PARTS.search(text, found[at - 1].end, found[at].start):
                at -= 1
                run.append(found[at])
            if len(run) > 1 and any(not self._attributes.known(word) for word in run):
                return True
        return False

    def _beside(self, item: int, text: str) -> bool:
        """Whether what a text names by a name that is nobody's stands in the block of a binding."""
        prompt = self.query.prompt
        unowned = [w for w in words(text) if self._names(text, w) and not self._attributes.known(w)]
        unowned = [w for w in unowned if w.stem not in self._values]
        if not unowned:
            return True
        for mention in self._table.items[item].mentions:
            start = max((cut.end() for cut in _BLOCK.finditer(prompt, 0, mention.chars[0])), default=0)
            stop = _BLOCK.search(prompt, mention.chars[1])
            block = {w.stem for w in words(prompt[start : stop.start() if stop else len(prompt)])}
            if all(word.stem in block for word in unowned):
                return True
        return False

    @staticmethod
    def _names(text: str, word: Word) -> bool:
        """Whether a word is written as a name is: in capitals, not only because a sentence begins; or with a digit."""
        starts = not text[: word.start].strip() or bool(_BEGINS.search(text, 0, word.start))
        return is_content(word) and ((word.capital and (word.owning or not starts)) or word.numeric)

    def _related(self, text: str, named: Sequence[Named], match: Match) -> bool:
        """Whether somebody is meant who is only related to one that is named: "Bob's manager", "a friend of Bob"."""
        for mention in named:
            start, end = mention.span
            owned = _OWNED.match(text, end)
            if owned and (found := words(owned["noun"])):
                word = found[0]
                if is_content(word) and word.stem not in match.attribute and not self._attributes.known(word):
                    return True
            head = _RELATED.search(text, max(0, start - 60), start)
            if head and (found := words(head["noun"])):
                word = found[-1]
                if is_content(word) and word.stem not in GENERIC and not self._attributes.known(word):
                    return True
        return False

    def _bounded(self, text: str) -> bool:
        """Whether a text asks for a unit, a format or a limit: "in kg", "with leading zeros", "at least"."""
        for found in _FORM.finditer(text):
            for word in words(found["form"])[:1]:
                said = word.stem in self._known_words or self._attributes.known(word)
                if is_content(word) and not said:
                    return True
        return bool(_LIMITS.search(text))

    def _foreign(self, text: str, *, known: str = "") -> bool:
        """Whether a text names something that nothing else does: a name in capitals, or a number."""
        mentioned = self._values | {word.stem for word in words(known)}
        for word in words(text):
            if self._names(text, word) and word.stem not in mentioned and not self._attributes.known(word):
                return True
        return False

    def _take(self, items: Sequence[int], score: float, how: How, reason: str, place: Place) -> Resolution:
        """Return the one binding among some: of one key its first or last value, of several the value they share."""
        if score < _LEAST:
            return _unresolved(f"{reason}, but too little agrees")
        keys = {self._table.items[item].key for item in items}
        if len(keys) > 1:
            values = {self._table.items[item].value for item in items}
            if len(values) > 1:
                return _unresolved(f"ambiguous: {len(keys)} bindings agree equally")
            first = self._table.items[items[0]]
            return Resolution(first.index, how, f"{reason}; all of them have one value", first.key, score)
        history = self._table.history(keys.pop())
        if len(history) > 1 and self._blocks(history):
            return _unresolved(f"{reason}, but several blocks of the prompt do")
        order = self._order(place, how) if len(history) > 1 else "last"
        if order == "both" or (len(history) > 1 and self._several_owners(history)) or self._corrected(history[-1]):
            return _unresolved(f"{reason}, but not which of its values")
        item = history[0] if order == "first" else history[-1]
        if len(history) > 1:
            reason = f"{reason}; the {order} of {len(history)} values in the text"
        return Resolution(item.index, how, reason, item.key, score)

    def _order(self, place: Place, how: How) -> Order:
        said = None if how == "query" else order_of(place.about)
        if said is None and how != "query" and self.query.order is None and _PAST.search(place.about):
            return "both"
        return said or self.query.order or "last"

    def _blocks(self, history: Sequence[Located]) -> bool:
        """Whether values of one key stand in blocks of a list of records, which name other keys again as well."""
        places = sorted(mention.chars for item in history for mention in item.mentions)
        parted = any(_BLOCK.search(self.query.prompt, left[1], right[0]) for left, right in pairwise(places))
        keys = {item.key for item in self._table.items if not item.owners}
        return parted and sum(len(self._table.history(key)) > 1 for key in keys) > 1

    def _several_owners(self, history: Sequence[Located]) -> bool:
        """Whether "my name" and "your name" were taken for one."""
        whose = set()
        for item in history:
            for mention in item.mentions:
                found = _WHOSE.search(self.query.prompt[max(0, mention.chars[0] - 40) : mention.chars[0]])
                whose.add(found.group().split()[0].lower() if found else "")
        return len(whose) > 1

    def _corrected(self, item: Located) -> bool:
        """Whether something said later takes a value back."""
        end = max((mention.chars[1] for mention in item.mentions), default=0)
        return bool(_CORRECTED.search(self.query.prompt, end, max(end, self.query.span[0])))

    def _odd(self, found: Sequence[tuple[str, str]]) -> str | None:
        """Return why a value of the context is not meant; words of keys ("the previous release") compute nothing."""
        for word, reason in found:
            if not {part.stem for part in words(word)} <= self._labels.vocabulary:
                return reason
        return None


def _unresolved(reason: str) -> Resolution:
    return Resolution(None, "unresolved", reason, None, 0.0)
