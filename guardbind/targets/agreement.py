"""Finds the target of a slot by what agrees: the attribute that is asked for, and the owner that is named."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from guardbind.evidence import EvidenceTable, PlacedOrigin
from guardbind.targets.accounts import Accounts
from guardbind.targets.aliases import NO_FIELDS
from guardbind.targets.attributes import WHOLE, Attributes, Match
from guardbind.targets.by_key import How, Resolution
from guardbind.targets.calls import Calls
from guardbind.targets.coded import Coded
from guardbind.targets.compound import asks_within, is_list
from guardbind.targets.counted import odd_in, uncounted
from guardbind.targets.history import History, unresolved
from guardbind.targets.kind_nouns import KindNouns
from guardbind.targets.labels import Named, label_table
from guardbind.targets.naming import Naming
from guardbind.targets.nested import NestedThings
from guardbind.targets.other_things import OtherThings
from guardbind.targets.place import Place
from guardbind.targets.query import Query, makes, odd_words, plain, several
from guardbind.targets.sources import Sources
from guardbind.targets.subject import Subject
from guardbind.targets.totals import of_one_line
from guardbind.text.layout import occurrences
from guardbind.text.words import content, words

__all__ = ["Agreement"]

# What an owner is worth, by where it is named; a score is the product with that of the attribute.
_NAMED, _CARRIED, _LONE, _IN_QUERY = 1.0, 0.9, 0.6, 0.9
_LONE_IN_QUERY = 0.8  # a score below it is of a query that names no owner
_KIND = 0.5

_DIGIT = re.compile(r"\d")
# A field of an object that is being written, up to its value.
_FIELD = re.compile(r"[\"'](?P<key>[\w .-]{1,80})[\"']\s*:\s*[\"']?\s*\Z")
_STRING = re.compile(r":\s*\"([^\"\n]{1,80})\"")
_SENTENCE = "the slot's own sentence names it"


class Agreement:
    """Finds the target of a slot by the words around it. Nothing is guessed: what two bindings fit is unresolved.

    Pronouns are not followed: an owner that the sentence does not name is looked for in the query.

    Args:
        table: What the row's prompt binds.
        query: What it asks.
        sources: Roles or labels, whose statements go before those of the later ones and of all that are not named.
        origins: Parts of the prompt that are somebody else's than the role of their turn says.
        fields: What the answer calls things, and what the prompt calls them.
    """

    def __init__(
        self,
        table: EvidenceTable,
        query: Query,
        sources: Sequence[str] = (),
        *,
        origins: Sequence[PlacedOrigin] = (),
        fields: Mapping[str, str] = NO_FIELDS,
    ) -> None:
        self._table = table
        self._language = query.language
        self._labels = label_table(table, query.language, fields)
        said = {word for word, _ in query.odd}
        self._kinds = KindNouns(query, table, self._labels)
        self.query = query = uncounted(replace(query, text=self._kinds.without(query.text)), table, self._labels)
        self._counted = said.difference(word for word, _ in query.odd)
        self._attributes = Attributes(table, self._labels)
        self._naming = Naming(table, query, self._labels, self._attributes)
        self._history = History(table, query, Sources(query, sources, origins))
        self._accounts = Accounts(table, query, self._labels)
        self._subject = Subject(table, query, self._accounts)
        self._other = OtherThings(query, self._attributes, self._naming, self._accounts)
        self._calls = Calls(table, query, self._labels)
        self._coded = Coded(table, self._labels)
        self._nested = NestedThings(self._labels)
        self._asked: Resolution | None = None
        self._refusal = self._odd(query.odd) or self._lead_odd()
        self._refused = self._attributes.refused(query.text)

    @property
    def names_owner(self) -> bool:
        """Whether the query names an owner of anything."""
        return bool(self._labels.mentions(self.query.text))

    @property
    def asks_of_owner(self) -> bool:
        """Whether the query asks for what a name has: "Marcus's mentor" is not whose mentor Marcus is."""
        return self._naming.has_something(self.query.text)

    @property
    def names_binding(self) -> bool:
        """Whether the query names an attribute and an owner of the same binding."""
        named = self._labels.mentions(self.query.text)
        labels = [label for match in self._attributes.asked(self.query.text) for label in match.labels]
        return any(label.owners & mention.owners for label in labels for mention in named)

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
        if self._refusal is not None or place is None:
            return self._not_again(self.asked)  # which is unresolved where there is a refusal
        place = self._plain(place)
        if (odd := self._odd(odd_in(place.about, self.query, self._table, self._labels))) is not None:
            return unresolved(f"in the slot's sentence {odd}")
        if several(self._labels.without_names(place.about), self._language):
            return unresolved("the slot's sentence speaks of several")
        wanted = self._attributes.wanted(place.asks, beginning)
        if len(wanted) > 1:
            return unresolved("the slot's sentence names several attributes")
        if wanted:
            return self._of_sentence(wanted[0], place, beginning, automatic)
        if automatic and self._speaks(place):
            return self._by_kind(place, beginning)
        return self.asked if place.about.strip() else self._not_again(self.asked)

    def _not_again(self, found: Resolution) -> Resolution:
        """Leave out what an agent has called a tool with already, where it does not say yet what it writes."""
        if found.index is None:
            return found
        if self._calls.asked_about(found.index):
            return unresolved("a call had this value as an argument already")
        if self._calls.under_way and found.score < _LONE_IN_QUERY:
            return unresolved("no owner is named, and what comes next may be another call")
        return found

    def _plain(self, place: Place) -> Place:
        """Return a place without phrases that say nothing; where a sentence ends as a field does, that is what asks."""
        asks, about = (self._kinds.without(plain(said, self._language)) for said in (place.asks, place.about))
        field = _FIELD.search(asks) if asks == about else None
        return Place(asks if field is None else field["key"], about)

    def _of_sentence(self, match: Match, place: Place, beginning: Collection[int], automatic: bool) -> Resolution:
        begins = self._attributes.of(beginning)
        if match.attribute in self._refused:
            return unresolved("the query names it in another form than it is bound in")
        if self._made(match.attribute, whole=place.asks != place.about):
            return unresolved("the query asks for a new one")
        if self._naming.bounded(place.asks[match.end :]):
            return unresolved("the slot's sentence says more about it than its value")
        asked = self.asked.index
        if begins and match.attribute not in begins:
            meant = asked is not None and bool(self._attributes.of([asked]) & begins)
            if automatic or meant or match.score < WHOLE:
                return unresolved("the value that begins is of another kind than what the slot's sentence names")
        if automatic and match.score < WHOLE and not place.asks[match.end :].strip():
            return unresolved("a name that follows a noun says which, and need not be asked for")
        found = self._owned(match, place, "sentence", _SENTENCE)
        if found.index is not None and self._calls.repeats(found.index, place):
            return unresolved("the same call had this argument already")
        if found.index not in (None, asked) and asked in beginning:
            # "Ben's code is" with Ann's value, where Ann's is asked for: making it true would spoil the answer.
            return unresolved("the slot's sentence names another owner than the query, whose value begins")
        return found if found.index is not None else self._asked_after_all(place, begins) or found

    def _of_query(self) -> Resolution:
        if self._refusal is not None or several(self._labels.without_names(self.query.text), self._language):
            return unresolved(self._refusal or "the query asks for several")
        if self._naming.bounded(self.query.text):
            return unresolved("the query asks for it in another form")
        texts = [self.query.text]
        if not self._refused and not self.names_owner and not self._naming.foreign(self.query.text):
            texts.append(f"{self.query.lead} {self.query.text}")
        for text in texts:
            found = self._attributes.asked(text)
            if len(found) > 1:
                return unresolved("the query names several attributes")
            if found and makes(text, found[0].start, self._language):
                return unresolved("the query asks for a new one")
            if found:
                resolution = self._owned(found[0], Place(text, text), "query", "the query names it")
                return replace(resolution, score=resolution.score * _IN_QUERY)
        if (coded := self._coded.find(self.query.text, self.query.lead if self.query.near else "")) is not None:
            reason, place = "the query names its record by a code", Place(self.query.text, self.query.text)
            return self._history.take([coded.labels[0].item], coded.score, "query", reason, place, named=True)
        return unresolved("neither the slot's sentence nor the query names an attribute that is bound")

    def _by_kind(self, place: Place, beginning: Collection[int]) -> Resolution:
        """Take what is asked for if a value of it begins, else what the owner that is named has of what begins."""
        begins = self._attributes.of(beginning)
        names = [mention.span for mention in self._labels.mentions(place.about)]
        digits = [found.start() for found in _DIGIT.finditer(place.about)]
        given = any(not any(a <= digit < b for a, b in names) for digit in digits)
        if given or self._language.questions.plural.search(place.about) or self._gives_some(place.about, begins):
            return unresolved("the slot's sentence lists values")
        if self._language.questions.limits.search(place.about) or self._attributes.refused(place.about):
            return unresolved("the slot's sentence says something else")
        asked = self.asked
        if asked.index is not None and self._attributes.of([asked.index]) & begins:
            own = self._labels.of(asked.index).owners
            named = self._labels.mentions(place.about)
            about_it = all(mention.owners & own for mention in named) and not self._naming.foreign(place.about)
            return asked if about_it else unresolved("the slot's sentence is about something else")
        if len(begins) != 1:
            return unresolved("the value that begins is of another kind than what is asked for")
        if asked.index is None and not begins & {match.attribute for match in self._attributes.asked(self.query.text)}:
            return unresolved("the query asks for something that is not bound")
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
        known = {word.stem for word in words(self.query.text, self._language)}
        return any(word.stem not in known for word in content(words(place.about, self._language)))

    def _owned(self, match: Match, place: Place, how: How, reason: str) -> Resolution:
        """Choose among the bindings of one attribute by the owner that is named, unless its value holds several."""
        found = self._of_owner(match, place, how, reason)
        value = None if found.index is None else self._table.items[found.index].value
        if value and self._other.asks(self._table.items[found.index or 0], match, place, running=how == "sentence"):
            return unresolved(f"{reason}, but something else about it is asked for")
        if value and asks_within(value, (place.about, self.query.text), match.attribute, self._language):
            return unresolved(f"{reason}, but its value holds what is asked for beside something else")
        if value and place.asks != place.about and is_list(value):
            return unresolved(f"{reason}, but its value is a list")
        return found

    def _of_owner(self, match: Match, place: Place, how: How, reason: str) -> Resolution:
        sources = [(place.about, _NAMED), (self.query.text, _CARRIED)] if how != "query" else [(place.about, _NAMED)]
        every = [label.item for label in match.labels]
        owned = any(label.owners for label in match.labels)
        for source, (text, worth) in enumerate(sources):
            named = self._accounts.mentions(text, match)
            meant = self._nested.meant(match, named, [said for said, _ in sources])
            if meant is None:
                return unresolved(f"{reason}, but of something that what is named only stands in or around")
            match = meant
            if named and (self._naming.foreign(text, known=self.query.context) or self._naming.renames(text, named)):
                return unresolved(f"{reason}, but names something that the prompt does not")
            if self._naming.misnamed(text, named) or self._naming.related(text, named, match):
                return unresolved(f"{reason}, but calls something by an attribute that it does not have here")
            fitting = [label.item for label in match.labels if any(label.owners & m.owners for m in named)]
            if fitting:
                running = source == 0 and how != "query"
                items = self._choose(match, place, text, named) if running else self._agreeing(match, named)
                if self._says_more(text, match, items or fitting, named, place, how, source):
                    return unresolved(f"{reason}, but of something that nothing here is called")
                if not items:
                    left = fitting if self._agreeing(match, named) else ()
                    return unresolved(f"{reason}, but not clearly whose it is", left)
                return self._history.take(
                    items, match.score * worth, how, f"{reason}, and its owner", place, named=True
                )
            if named or self._naming.foreign(text, known="" if owned else self.query.context):
                return unresolved(f"{reason}, but of something that has no such value here")
            if self._says_more(text, match, every, (), place, how, source):
                return unresolved(f"{reason}, but of something that nothing here is called")
        if not all(self._naming.beside(item, text) for text, _ in sources for item in every):
            return unresolved(f"{reason}, but of something that stands elsewhere")
        if not owned and self._of_one_line(match, every, [text for text, _ in sources]):
            return unresolved(f"{reason}, but of one of several things that are listed")
        if not owned and self._accounts.ambiguous_names(self.query.text, every):
            return unresolved(f"{reason}, but of one of several things that are listed", every)
        if place.asks != place.about and self._calls.steps(match, every):
            return unresolved(f"{reason}, but a list has others of them")
        if not owned and len(every) > 1 and self._names_more(match, every, [text for text, _ in sources], place):
            return unresolved(f"{reason}, but not clearly whose it is", every)
        if owned and any(self._naming.part_of_name(text, match) for text, _ in sources):
            return unresolved(f"{reason}, but of something that shares a word with whose it is here", every)
        if self._subject.is_other([text for text, _ in sources], match, every, place):
            return unresolved(f"{reason}, but of something that another statement names", every)
        return self._history.take(every, match.score * _LONE, how, f"{reason}; no owner is named", place)

    def _says_more(
        self,
        text: str,
        match: Match,
        items: Sequence[int],
        named: Sequence[Named],
        place: Place,
        how: How,
        source: int,
    ) -> bool:
        """Whether a text has words that nothing accounts for: "the oak bench", where a walnut desk is known.

        The object or the row that a slot stands in is written by other rules, and so is a request that asks nothing.
        """
        if how == "entity":
            return False
        if source == 0 and place.asks != place.about:
            # A string of the object may be a name that the prompt knows in part only: "bar rack", of a bar stool.
            strings = [said for said in _STRING.findall(text) if self._accounts.mentions(said, match)]
            return any(
                self._accounts.left(said, match, items, self._accounts.mentions(said, match)) for said in strings
            )
        clauses = self._accounts.questions(text) if how == "query" or source == 1 else []
        asked = how == "query" or (source == 1 and not clauses)
        if source == 0:
            clauses.append(self._accounts.clause(text, match))
        elif not clauses:
            asking = [found for found in self._attributes.asked(text) if found.score == WHOLE]
            clauses += [self._accounts.clause(text, found) for found in asking if found.attribute == match.attribute]
        if not any(
            self._accounts.left(clause, match, items, self._accounts.mentions(clause, match), request=asked)
            for clause in clauses
        ):
            return False
        # A sentence may say in its own words what was asked.
        return source == 1 or how == "query" or self.asked.index not in items

    def _of_one_line(self, match: Match, items: Sequence[int], texts: Sequence[str]) -> bool:
        """Whether what nobody owns is asked for of something that has such a value of its own: a total, of one line."""
        left = [word for text in texts for word in self._accounts.left(text, match, items, keys_only=True)]
        return any(of_one_line(self._table.items[item], left, self._table, self.query) for item in items)

    def _names_more(self, match: Match, items: Sequence[int], texts: Sequence[str], place: Place) -> bool:
        """Whether something besides the key is named, where a key that nobody owns has several values."""
        clauses = [self._accounts.clause(text, match) for text in texts[:1] if place.asks == place.about]
        clauses += [question for text in texts for question in self._accounts.questions(text)]
        return any(self._accounts.left(clause, match, items, keys_only=True) for clause in clauses)

    def _agreeing(self, match: Match, named: Sequence[Named]) -> list[int]:
        """Return the bindings that all names fit."""
        return [label.item for label in match.labels if all(label.owners & mention.owners for mention in named)]

    def _choose(self, match: Match, place: Place, text: str, named: Sequence[Named]) -> list[int]:
        """Return whose value the slot's sentence is about.

        It is nobody's where two owners are named and neither is tied to the attribute, or where the only one is another
        than the query's. What stands before a value that was given already belongs to that one.
        """
        given = max((span[1] for span, _ in occurrences(text, self._labels.values_but_names)), default=0)
        since = [mention for mention in named if mention.span[0] >= given] or list(named)
        prose = place.asks == place.about
        tied = [mention for mention in since if prose and self._naming.tied(match, text, mention, since)]
        items = (self._agreeing(match, since) if tied else []) or self._agreeing(match, tied or since)
        keys = {self._table.items[item].key for item in items}
        if tied or len(keys) != 1:
            return items if len(keys) == 1 else []
        asked = self.asked.index
        own = frozenset[str]() if asked is None else self._labels.of(asked).owners
        return [] if prose and own and not own & self._labels.of(items[0]).owners else items

    def _lead_odd(self) -> str | None:
        """Return why a value of the context is not meant by what is said before the question, of what is bound."""
        lead = self.query.lead if self.query.near else ""
        if not self._labels.mentions(lead) and not self._attributes.asked(lead):
            return None
        return self._odd(odd_words(lead, self._language))

    def _made(self, attribute: tuple[str, ...], *, whole: bool) -> bool:
        """Whether the query asks for a new value of an attribute; a field needs more of its name: "order_id"."""
        found = [match for match in self._attributes.asked(self.query.text) if match.attribute == attribute]
        return any(
            makes(self.query.text, match.start, self._language) for match in found if match.score == WHOLE or not whole
        )

    def _odd(self, found: Sequence[tuple[str, str]]) -> str | None:
        """Return why a value of the context is not meant; words of keys ("the previous release") compute nothing."""
        for word, reason in found:
            if (
                word not in self._counted
                and not {part.stem for part in words(word, self._language)} <= self._labels.vocabulary
            ):
                return reason
        return None
