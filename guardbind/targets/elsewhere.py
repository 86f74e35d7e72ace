"""Tells whether a text asks of another record, time or kind of thing than a binding is of."""

from __future__ import annotations

from functools import cached_property

from guardbind.evidence import EvidenceTable, Located
from guardbind.text.language import Language
from guardbind.text.layout import occurrences
from guardbind.text.words import words

__all__ = ["Elsewhere"]

_LONGEST = 60  # characters of a value of a noun and a number


class Elsewhere:
    """What a text names besides the owner of a binding and what it is.

    Args:
        table: What the prompt binds.
        language: What it is written in.
    """

    def __init__(self, table: EvidenceTable, language: Language) -> None:
        self._table = table
        self._language = language

    def reason(self, item: Located, asked: str, question: str, *, alone: bool) -> str | None:
        """Return why a binding is not what is asked for, in words; None if nothing says so.

        Args:
            item: The binding.
            asked: The text that names its owner: the slot's sentence or the question.
            question: What the prompt asks.
            alone: Whether it is the only value of its key.
        """
        if alone and self.at_another_time(item, question):
            return "what it was at another time is asked for"
        if self.of_another_record(item, asked):
            return "the text names another record of its kind"
        if self.of_another_kind(item, asked):
            return "the text names another kind of thing than its value does"
        if self.says_its_kind(item, question):
            return "its value begins with the word for what is asked"
        return None

    def of_another_record(self, item: Located, text: str) -> bool:
        """Whether a text names a record beside the one of a binding, and nothing that only that one is called.

        `[profile.dev]` has a cache and `[profile.release]` has none: the cache of profile.release is not that of
        profile.dev, although both are called profile.
        """
        if item.record is None:
            return False
        own = self._names_of(item)
        beside: set[str] = set()
        shared: set[str] = set()
        for other in {record for name in own for record in self._records.get(name, ())}:
            if own != other:
                shared |= own & other
                beside |= other - own
        if not beside:
            return False
        said = {surface for _, surface in occurrences(text.casefold(), own | beside)}
        return bool(said & beside) and bool(said & shared) and not said & (own - shared)

    def at_another_time(self, item: Located, text: str) -> bool:
        """Whether a text asks for the last, the first or the next of something that another field of the record is.

        "How many kilometres did it have at its last service?", beside the columns `Kilometres` and `Next service`.
        """
        if item.record is None:
            return False
        language = self._language
        ranked = language.latest | language.first
        own = self._stems(item.attribute or item.key, *item.owners)
        others = self._stems(
            *(
                other.attribute
                for other in self._table.items
                if other.attribute is not None and other.record is not None and other.record.id == item.record.id
            )
        )
        others -= own | ranked
        said = [word.stem for word in words(text, language)]
        return any(
            stem in ranked and any(near in others for near in said[max(0, place - 1) : place + 2])
            for place, stem in enumerate(said)
        )

    def of_another_kind(self, item: Located, text: str) -> bool:
        """Whether a text has the noun that leads the number of another binding's value, and not that of this one.

        "Which desk does Ann have?", where `Ann: room 12` and `Ben: desk 9` are told.
        """
        own = self._led(item)
        if own is None:
            return False
        others = {stem for other in self._table.items if (stem := self._led(other)) is not None}
        said = {word.stem for word in words(text, self._language)}
        return own not in said and bool(said & others)

    def says_its_kind(self, item: Located, text: str) -> bool:
        """Whether a value begins with the word for what is asked, as if that were a part of it: "town Wells".

        That is a field without a sign, and the value is what stands behind it. Numbers have their nouns: "room 12".
        """
        found = words((item.value or "")[:_LONGEST], self._language)
        if item.owners or len(found) < 2 or any(word.numeric for word in found):
            return False
        return found[0].content and found[0].stem in {word.stem for word in words(text, self._language)}

    def _led(self, item: Located) -> str | None:
        """Return the stem of the noun that a value begins with, before a number."""
        found = words((item.value or "")[:_LONGEST], self._language)
        return found[0].stem if len(found) == 2 and found[1].numeric and not found[0].numeric else None

    def _stems(self, *texts: str) -> set[str]:
        return {word.stem for text in texts for word in words(text, self._language) if word.content}

    def _names_of(self, item: Located) -> frozenset[str]:
        if item.record is None:
            return frozenset()
        return frozenset(map(str.casefold, item.record.names)) - self._values[item.record.id]

    @cached_property
    def _values(self) -> dict[str, set[str]]:
        """What the bindings of each record say."""
        found: dict[str, set[str]] = {}
        for item in self._table.items:
            if item.record is not None:
                found.setdefault(item.record.id, set()).update(map(str.casefold, item.surfaces))
        return found

    @cached_property
    def _records(self) -> dict[str, set[frozenset[str]]]:
        """The names of each record that are no values of it, by each of them."""
        found: dict[str, set[frozenset[str]]] = {}
        for names in {self._names_of(item) for item in self._table.items}:
            for name in names:
                found.setdefault(name, set()).add(names)
        return found
