"""Chooses among the values that one key of a record has in turn: the first, the last, or none where none is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from guardbind.evidence import EvidenceTable, Located
from guardbind.targets.by_key import How, Resolution
from guardbind.targets.disowned import DisownedStatements
from guardbind.targets.doubled import DoubledLists
from guardbind.targets.elsewhere import Elsewhere
from guardbind.targets.naming import block_breaks
from guardbind.targets.place import Place
from guardbind.targets.query import Order, Query, order_of
from guardbind.targets.same_thing import may_be_one_thing
from guardbind.targets.sources import Sources
from guardbind.targets.stale import Doubts
from guardbind.targets.turn_layout import TurnLayout
from guardbind.targets.unread import UnreadSentences
from guardbind.targets.unsettled import unsettled
from guardbind.text.words import words

__all__ = ["History", "unresolved"]

_LEAST = 0.4  # a score below it is no agreement
_BEFORE = 40  # characters before a statement in which a pronoun may say whose it is


class _KeyOfRecord(NamedTuple):
    """What a history is of."""

    record: str | None
    key: str


def unresolved(reason: str, left_open: Sequence[int] = ()) -> Resolution:
    """Return a resolution without a target."""
    return Resolution(None, "unresolved", reason, None, 0.0, tuple(left_open))


class History:
    """Takes one of the bindings that agree.

    Args:
        table: What the prompt binds.
        query: What it asks.
        sources: Whose statements go before whose.
    """

    def __init__(self, table: EvidenceTable, query: Query, sources: Sources | None = None) -> None:
        self._table = table
        self._query = query
        self._owners = frozenset(name for item in table.items for name in item.owners if len(name) > 1)
        self._asked = query.language.questions
        self._sources = sources or Sources(query)
        self._doubts = Doubts(table, query)
        self._doubled = DoubledLists(table, query, self._doubts)
        turns = TurnLayout(query)
        self._unread = UnreadSentences(table, query, turns)
        self._disowned = DisownedStatements(table, query, turns)
        self._elsewhere = Elsewhere(table, query.language)
        self._cores: dict[str, frozenset[str]] = {}

    def take(
        self, items: Sequence[int], score: float, how: How, reason: str, place: Place, *, named: bool = False
    ) -> Resolution:
        """Return the one binding among some: of one key of a record its first or last value.

        Of several keys or records it is the value that they share; else all of them are open.

        Args:
            items: The bindings that agree.
            score: How well.
            how: By what.
            reason: The same in words.
            place: What stands before the slot; it may say which value is meant.
            named: Whether an owner was named, and all of them are that owner's.
        """
        if score < _LEAST:
            return unresolved(f"{reason}, but too little agrees")
        located = [self._table.items[item] for item in items]
        if named:
            located = self._outermost(located)
        groups = list(dict.fromkeys(map(_group, located)))
        every = located
        one_thing = named or (
            len(groups) > 1 and self._variables(groups) and may_be_one_thing(self._table, self._query, located)
        )
        if one_thing:
            located = self._sources.highest(located)
            groups = list(dict.fromkeys(map(_group, located)))
        if len(groups) == 1:
            told = self._history(groups[0])
            every = list(dict.fromkeys([*every, *told]))
            history = self._sources.in_turn(told)
            if not named and len(history) < len(told) and not self._of_one_thing(told):
                history = told
        elif len({item.value for item in located}) == 1:
            first = located[0]
            return Resolution(first.index, how, f"{reason}; all of them have one value", first.key, score)
        elif (named and self._sources.restated(located)) or (self._says_which(place, how) and self._variables(groups)):
            history = sorted(located, key=lambda item: item.mentions[0].chars if item.mentions else (0, 0))
        elif one_thing and self._sources.differ(located):
            return unresolved(f"{reason}, but two sources differ")
        else:
            return unresolved(f"ambiguous: {len(groups)} bindings agree equally", [item.index for item in located])
        kept = {item.index for item in history}
        found = self._in_turn(self._former_first(history), score, how, reason, place)
        return replace(found, outranked=tuple(item.index for item in every if item.index not in kept))

    def _in_turn(self, history: Sequence[Located], score: float, how: How, reason: str, place: Place) -> Resolution:
        every = [item.index for item in history]
        if len(history) > 1 and self._sources.differ(history):
            return unresolved(f"{reason}, but two sources differ")
        if len(history) > 1 and self._in_blocks(history):
            return unresolved(f"{reason}, but several blocks of the prompt do", every)
        if len(history) > 1 and self._in_records(history) and not self._says_which(place, how):
            return unresolved(f"{reason}, but several records of the prompt do", every)
        if len(history) > 1 and self._doubled.hold(history) and not self._says_which(place, how):
            return unresolved(f"{reason}, but several lists of the prompt tell it", every)
        order = self._order(place, how) if len(history) > 1 else "last"
        if order == "both" or (len(history) > 1 and self._several_owners(history)):
            return unresolved(f"{reason}, but not which of its values")
        if order == "last" and self._doubts.stale(history[-1]):
            return unresolved(f"{reason}, but something behind it says that it is no longer so")
        if len(history) > 1 and order == "last" and self._doubts.only_was(history[-1], history[:-1]):
            return unresolved(f"{reason}, but what it was is told behind what it is")
        if len(history) > 1 and order == "last" and self._doubts.framed(history[-1], history[:-1]):
            return unresolved(f"{reason}, but something is said before the last of its values", every)
        if self._doubts.former(history[-1]) and not self._asked.past.search(self._query.text):
            return unresolved(f"{reason}, but only what it was")
        item = history[0] if order == "first" else history[-1]
        if len(every) == 1 and not self._doubts.former(item) and self._asks_former(item, place):
            return unresolved(f"{reason}, but what it was before is asked for")
        if len(every) == 1 and not self._asked.past.search(self._query.text) and self._alone_was(item):
            return unresolved(f"{reason}, but it is told as what was, beside others that are")
        if unsettled(item, self._query, self._owners):
            return unresolved(f"{reason}, but its value leaves open which one holds")
        asked = place.about if how == "sentence" else self._query.text
        elsewhere = self._elsewhere.reason(item, asked, self._query.text, alone=len(every) == 1)
        if elsewhere is not None:
            return unresolved(f"{reason}, but {elsewhere}")
        if self._unread.contradicts(item):
            return unresolved(f"{reason}, but a sentence that was not read gives another value of its kind")
        if order == "last" and self._renamed(item):
            return unresolved(f"{reason}, but a newer value is told under another name of it")
        if self._disowned.takes_back(item):
            return unresolved(f"{reason}, but the prompt takes back what it stands in, or changes it in other words")
        if len(history) > 1:
            reason = f"{reason}; the {order} of {len(history)} values in the text"
        return Resolution(item.index, how, reason, item.key, score)

    def _renamed(self, item: Located) -> bool:
        """Whether a newer value of the owner is told under a name that says no more: "number of hours", of "hours"."""
        if not item.owners:
            return False
        called, owners = self._core(item), set(map(str.casefold, item.owners))
        return any(
            other.key != item.key
            and other.value not in item.surfaces
            and self._core(other) == called
            and any(name.casefold() in owner or owner in name.casefold() for name in other.owners for owner in owners)
            and bool(other.mentions)
            and self._doubts.says_newer(other)
            for other in self._table.items
        )

    def _core(self, item: Located) -> frozenset[str]:
        """Return the words of an attribute but those that people leave out."""
        called = item.attribute or item.key
        if called not in self._cores:  # a table has one for each of its columns
            language = self._query.language
            found = (word.stem for word in words(called, language) if word.content)
            self._cores[called] = frozenset(found) - language.generic
        return self._cores[called]

    def _history(self, group: _KeyOfRecord) -> list[Located]:
        """Return the values of a key of a record in the order of the text."""
        found = [item for item in self._table.history(group.key) if _group(item) == group]
        return [item for place, item in enumerate(found) if place == 0 or found[place - 1] != item]

    def _variables(self, groups: Sequence[_KeyOfRecord]) -> bool:
        """Whether each record is one statement of the same thing: `budget = 5`, then `{"budget": 6}`."""
        keys = {group.record: set[str]() for group in groups}
        for item in self._table.items:
            if item.record is not None and item.record.id in keys:
                keys[item.record.id].add(item.key)
        return all(len(found) == 1 for found in keys.values())

    def _outermost(self, located: Sequence[Located]) -> list[Located]:
        """Leave out what stands in the record of another one: "the status of order 7" is not that of an item."""
        records = {item.record.id for item in located if item.record is not None}
        kept = [item for item in located if item.record is None or not self._inside(item.record.outer, records)]
        return kept or list(located)

    def _inside(self, record: str | None, others: set[str]) -> bool:
        seen: set[str] = set()
        while record is not None and record not in seen:
            if record in others:
                return True
            seen.add(record)
            record = self._outer.get(record)
        return False

    @cached_property
    def _outer(self) -> Mapping[str, str | None]:
        return {item.record.id: item.record.outer for item in self._table.items if item.record is not None}

    def _order(self, place: Place, how: How) -> Order:
        said = None if how == "query" else order_of(place.about, self._query.language)
        if said is None and how != "query" and self._query.order is None and self._asked.past.search(place.about):
            return "both"
        return said or self._query.order or "last"

    def _asks_former(self, item: Located, place: Place) -> bool:
        """Whether a value is asked for that does not hold any more, in words that are none of the key's."""
        former, key = self._query.language.asking.former, item.key.casefold()
        texts = (self._query.text, place.about)
        return any(found.group().casefold() not in key for text in texts for found in former.finditer(text))

    def _alone_was(self, item: Located) -> bool:
        """Whether a value is told in the past, where those of others are told in the present."""
        others = [other for other in self._by_attribute.get(item.attribute or "", ()) if other.key != item.key]
        return self._doubts.only_was(item, others)

    @cached_property
    def _by_attribute(self) -> Mapping[str, Sequence[Located]]:
        found: dict[str, list[Located]] = {}
        for item in self._table.items:
            if item.attribute:
                found.setdefault(item.attribute, []).append(item)
        return found

    def _says_which(self, place: Place, how: How) -> bool:
        """Whether the first or the last of several values is asked for in words."""
        said = None if how == "query" else order_of(place.about, self._query.language)
        return (said or self._query.order) is not None

    def _former_first(self, history: Sequence[Located]) -> tuple[Located, ...]:
        """Put what is said to be former before what is stated."""
        former = [item for item in history if self._doubts.former(item)]
        return (*former, *(item for item in history if item not in former))

    def _in_blocks(self, history: Sequence[Located]) -> bool:
        """Whether values of one key stand in blocks of a list of records, which name other keys again as well."""
        places = sorted(mention.chars for item in history for mention in item.mentions)
        parted = any(block_breaks(self._query.prompt, left[1], right[0]) for left, right in pairwise(places))
        return parted and self._in_records(history)

    def _in_records(self, history: Sequence[Located]) -> bool:
        """Whether the values of a key that nobody owns may be those of several records: other such keys change too."""
        if any(item.owners for item in history):
            return False
        keys = {_group(item) for item in self._table.items if not item.owners}
        return sum(len(self._history(key)) > 1 for key in keys) > 1

    def _of_one_thing(self, history: Sequence[Located]) -> bool:
        """Whether a source that is believed more may decide between the values of a key that nobody owns."""
        return may_be_one_thing(self._table, self._query, history) and not self._in_records(history)

    def _several_owners(self, history: Sequence[Located]) -> bool:
        """Whether "my name" and "your name" were taken for one."""
        whose = set()
        for item in history:
            for mention in item.mentions:
                said = self._query.prompt[slice(*mention.chars)].casefold()
                if (item.attribute or item.key).casefold() not in said:
                    continue  # "It is 48231."
                before = self._query.prompt[max(0, mention.chars[0] - _BEFORE) : mention.chars[0]]
                found = self._asked.whose.search(before)
                whose.add(found.group().split()[0].lower() if found else "")
        return len(whose) > 1


def _group(item: Located) -> _KeyOfRecord:
    return _KeyOfRecord(None if item.record is None else item.record.id, item.key)
