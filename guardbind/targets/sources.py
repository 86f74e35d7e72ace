"""Tells whose statements go before whose, and where two of them contradict each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from guardbind.evidence import Located
from guardbind.targets.query import Query
from guardbind.text.language import Language
from guardbind.text.words import words

__all__ = ["Sources"]


class Sources:
    """Compares statements by who made them.

    Args:
        query: What the prompt asks; it knows the turns.
        ranking: Roles or labels, whose statements go before those of the later ones and of all that are not named.
    """

    def __init__(self, query: Query, ranking: Sequence[str] = ()) -> None:
        self._query = query
        self._ranks = {source: place for place, source in enumerate(dict.fromkeys(ranking))}

    def highest(self, items: Sequence[Located]) -> list[Located]:
        """Return the bindings that the highest source states; all of them where nothing is ranked."""
        if not self._ranks or not items:
            return list(items)
        ranks = [min((self._rank(source) for source, _ in self._of(item)), default=len(self._ranks)) for item in items]
        return [item for item, rank in zip(items, ranks, strict=True) if rank == min(ranks)]

    def differ(self, history: Sequence[Located]) -> bool:
        """Whether somebody else says something else later, and does not correct it in words.

        The user may change his mind. A tool corrects nobody but itself: what it says may be a stranger's text.
        """
        stated = self._stated(history)
        for (one, before), (other, item) in pairwise(stated):
            if before.value == item.value or one == other or one[0] == other[0] == "user":
                continue
            if not self._corrects(item) or (other[0] == "tool" and one[0] != "tool"):
                return True
        return False

    def restated(self, items: Sequence[Located]) -> bool:
        """Whether all but the first of some bindings are told as changes of it."""
        stated = list(dict.fromkeys(item.index for _, item in self._stated(items)))
        later = [item for item in items if item.index in stated[1:]]
        return len(stated) == len(items) and all(self._corrects(item) for item in later)

    def _stated(self, items: Sequence[Located]) -> list[tuple[tuple[str | None, int], Located]]:
        found = [
            (mention.chars[0], (item.source or self._role(turn), turn), item)
            for item in items
            for mention in item.mentions
            for turn in (self._turn(mention.chars[0]),)
        ]
        return [(source, item) for _, source, item in sorted(found, key=lambda each: each[0])]

    def _of(self, item: Located) -> set[tuple[str | None, int]]:
        return {source for source, _ in self._stated([item])} or {(item.source, -1)}

    def _rank(self, source: str | None) -> int:
        return len(self._ranks) if source is None else self._ranks.get(source, len(self._ranks))

    def _turn(self, place: int) -> int:
        return next((at for at, turn in enumerate(self._query.turns) if turn.start <= place < turn.end), -1)

    def _role(self, turn: int) -> str | None:
        return self._query.turns[turn].role if turn >= 0 else None

    def _corrects(self, item: Located) -> bool:
        """Whether the words of a statement say that the value is a new one."""
        language = self._query.language
        said = [self._query.prompt[slice(*mention.chars)] for mention in item.mentions]
        stems = {word.stem for text in said for word in words(text, language)}
        return not stems.isdisjoint(language.latest) or any(map(_changed(language).search, said))


@cache
def _changed(language: Language) -> re.Pattern[str]:
    return re.compile(language.statements.changed)
