"""Chooses among the values that one key has in turn: the first, the last, or none where that cannot be told."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from guardbind.evidence import EvidenceTable, Located
from guardbind.targets.by_key import How, Resolution
from guardbind.targets.naming import block_breaks
from guardbind.targets.place import Place
from guardbind.targets.query import Order, Query, order_of
from guardbind.targets.stale import Doubts

__all__ = ["History", "unresolved"]

_LEAST = 0.4  # a score below it is no agreement
_BEFORE = 40  # characters before a statement in which a pronoun may say whose it is


def unresolved(reason: str) -> Resolution:
    """Return a resolution without a target."""
    return Resolution(None, "unresolved", reason, None, 0.0)


class History:
    """Takes one of the bindings that agree.

    Args:
        table: What the prompt binds.
        query: What it asks.
    """

    def __init__(self, table: EvidenceTable, query: Query) -> None:
        self._table = table
        self._query = query
        self._asked = query.language.questions
        self._doubts = Doubts(table, query)

    def take(self, items: Sequence[int], score: float, how: How, reason: str, place: Place) -> Resolution:
        """Return the one binding among some: of one key its first or last value, of several the value they share.

        Args:
            items: The bindings that agree.
            score: How well.
            how: By what.
            reason: The same in words.
            place: What stands before the slot; it may say which value is meant.
        """
        if score < _LEAST:
            return unresolved(f"{reason}, but too little agrees")
        keys = {self._table.items[item].key for item in items}
        if len(keys) > 1:
            values = {self._table.items[item].value for item in items}
            if len(values) > 1:
                return unresolved(f"ambiguous: {len(keys)} bindings agree equally")
            first = self._table.items[items[0]]
            return Resolution(first.index, how, f"{reason}; all of them have one value", first.key, score)
        history = self._in_turn(self._table.history(keys.pop()))
        if len(history) > 1 and self._in_blocks(history):
            return unresolved(f"{reason}, but several blocks of the prompt do")
        order = self._order(place, how) if len(history) > 1 else "last"
        if order == "both" or (len(history) > 1 and self._several_owners(history)):
            return unresolved(f"{reason}, but not which of its values")
        if order == "last" and self._doubts.stale(history[-1]):
            return unresolved(f"{reason}, but something behind it says that it is no longer so")
        if len(history) > 1 and order == "last" and self._doubts.only_was(history[-1], history[:-1]):
            return unresolved(f"{reason}, but what it was is told behind what it is")
        if self._doubts.former(history[-1]) and not self._asked.past.search(self._query.text):
            return unresolved(f"{reason}, but only what it was")
        item = history[0] if order == "first" else history[-1]
        if len(history) > 1:
            reason = f"{reason}; the {order} of {len(history)} values in the text"
        return Resolution(item.index, how, reason, item.key, score)

    def _order(self, place: Place, how: How) -> Order:
        said = None if how == "query" else order_of(place.about, self._query.language)
        if said is None and how != "query" and self._query.order is None and self._asked.past.search(place.about):
            return "both"
        return said or self._query.order or "last"

    def _in_turn(self, history: Sequence[Located]) -> tuple[Located, ...]:
        """Put what is said to be former before what is stated."""
        former = [item for item in history if self._doubts.former(item)]
        return (*former, *(item for item in history if item not in former))

    def _in_blocks(self, history: Sequence[Located]) -> bool:
        """Whether values of one key stand in blocks of a list of records, which name other keys again as well."""
        places = sorted(mention.chars for item in history for mention in item.mentions)
        parted = any(block_breaks(self._query.prompt, left[1], right[0]) for left, right in pairwise(places))
        keys = {item.key for item in self._table.items if not item.owners}
        return parted and sum(len(self._table.history(key)) > 1 for key in keys) > 1

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
