"""Tells whose statements go before whose, and where two of them contradict each other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise

from guardbind.evidence import Located, Mention, PlacedOrigin
from guardbind.targets.query import Query
from guardbind.text.language import Language
from guardbind.text.words import words

__all__ = ["Sources"]

_PARTIES = frozenset({None, "system", "user", "assistant"})  # those who speak for themselves


class Sources:
    """Compares statements by who made them.

    Args:
        query: What the prompt asks; it knows the turns.
        ranking: Roles or labels, whose statements go before those of the later ones and of all that are not named.
        origins: Parts of the prompt that are somebody else's than the role of their turn says.
    """

    def __init__(self, query: Query, ranking: Sequence[str] = (), origins: Sequence[PlacedOrigin] = ()) -> None:
        self._query = query
        self._origins = origins
        self._ranks = {source: place for place, source in enumerate(dict.fromkeys(ranking))}

    def highest(self, items: Sequence[Located]) -> list[Located]:
        """Return the bindings that the highest source states, with what it states of them; all if nothing is ranked."""
        if not self._ranks or not items:
            return list(items)
        ranked = [(item, self._by_rank(item)) for item in dict.fromkeys(items)]
        best = min(rank for _, places in ranked for rank in places)
        return [replace(item, mentions=tuple(places[best])) for item, places in ranked if best in places]

    def in_turn(self, history: Sequence[Located]) -> list[Located]:
        """Return what the highest source states of a history, in the order of the text; all if nothing is ranked.

        Else a value that it took back would return with whoever says it again.
        """
        if not self._ranks:
            return list(history)
        kept = self.highest(history)
        stated = sorted((mention.chars, place) for place, item in enumerate(kept) for mention in item.mentions)
        runs = [place for at, (_, place) in enumerate(stated) if at == 0 or stated[at - 1][1] != place]
        return [kept[place] for place in runs] or kept

    def differ(self, history: Sequence[Located]) -> bool:
        """Whether somebody else says something else later, and does not correct it in words.

        The user may change his mind. A tool corrects nobody but itself, and nor does a source that the caller tells
        apart: what it says may be a stranger's text.
        """
        stated = [(said_by, item) for said_by, item in self._stated(history) if said_by[0] != "assistant"]
        for (one, before), (other, item) in pairwise(stated):
            if before.value == item.value or one == other or one[0] == other[0] == "user":
                continue
            if not self._corrects(item) or (other[0] not in _PARTIES and one[0] != other[0]):
                return True
        return False

    def disagree(self, history: Sequence[Located]) -> bool:
        """Whether one source says something else than the one before it, whatever the turns that they stand in.

        Of bindings that the caller declares, only a source that is declared as well says that they are no history.
        """
        found = [(mention.chars, item.index, mention, item) for item in history for mention in item.mentions]
        said = [
            (self._label(item, mention), item.value) for _, _, mention, item in sorted(found, key=lambda each: each[:2])
        ]
        return any(
            None not in (one, other) and one != other and value != before
            for (one, before), (other, value) in pairwise(said)
        )

    def restated(self, items: Sequence[Located]) -> bool:
        """Whether all but the first of some bindings are told as changes of it."""
        stated = list(dict.fromkeys(item.index for _, item in self._stated(items)))
        later = [item for item in items if item.index in stated[1:]]
        return len(stated) == len(items) and all(self._corrects(item) for item in later)

    def _stated(self, items: Sequence[Located]) -> list[tuple[tuple[str | None, int], Located]]:
        found = [(mention.chars[0], self._said_by(item, mention), item) for item in items for mention in item.mentions]
        return [(source, item) for _, source, item in sorted(found, key=lambda each: each[0])]

    def _said_by(self, item: Located, mention: Mention) -> tuple[str | None, int]:
        """Return who makes a statement, and the turn it stands in."""
        turn = self._turn(mention.chars[0])
        return self._label(item, mention) or self._role(turn), turn

    def _label(self, item: Located, mention: Mention) -> str | None:
        """Return the source that is declared for the place of a statement, or for its binding."""
        at = mention.value_chars[0]
        return next((label for (start, end), label in self._origins if start <= at < end), item.source)

    def _by_rank(self, item: Located) -> dict[int, list[Mention]]:
        """Return the statements of a binding, by the rank of who makes them; one without a place has none."""
        if not item.mentions:
            return {self._rank(item.source): []}
        found: dict[int, list[Mention]] = {}
        for mention in item.mentions:
            found.setdefault(self._rank(self._said_by(item, mention)[0]), []).append(mention)
        return found

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
