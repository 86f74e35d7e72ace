"""Tells what a statement without an owner is of: what stands above it, and not what its neighbours' values name."""

from __future__ import annotations

from collections.abc import Sequence

from guardbind.evidence import EvidenceTable, Located
from guardbind.targets.accounts import Accounts
from guardbind.targets.attributes import Match
from guardbind.targets.naming import block_breaks
from guardbind.targets.place import Place
from guardbind.targets.query import Query
from guardbind.text.layout import Span
from guardbind.text.words import words

__all__ = ["Subject"]

_MOST = 64  # bindings whose words are looked at
_LONGEST = 20_000  # characters above a statement that are looked at


class Subject:
    """Says what the statements that no owner is bound for are of.

    A sheet begins with what it is of: a title, or a first field ("Company: Brightwater"). The later fields name other
    things ("Parent company: Tidal"), which have a price, a head or a version of their own.

    Args:
        table: What the prompt binds.
        query: What it asks.
        accounts: Which words of a text something accounts for.
    """

    def __init__(self, table: EvidenceTable, query: Query, accounts: Accounts) -> None:
        self._table = table
        self._query = query
        self._accounts = accounts
        self._spans = sorted(mention.chars for item in table.items for mention in item.mentions)

    def is_other(self, texts: Sequence[str], match: Match, items: Sequence[int], place: Place) -> bool:
        """Whether something is named that is no more than the value of another key: the partner of a firm.

        Args:
            texts: The question, or the sentence of a slot and then the question.
            match: What they ask for.
            items: The bindings that they may mean.
            place: What stands before the slot; a field that is being written is no sentence.
        """
        clauses = [self._accounts.clause(texts[0], match)] if place.asks == place.about else []
        clauses += [found for text in texts for found in self._accounts.questions(text)]
        stems = [self._stems(self._table.items[item]) for item in items[:_MOST]]
        return any(self._accounts.left(clause, match, items, stems=stems) for clause in clauses)

    def _stems(self, located: Located) -> frozenset[str]:
        found = [located.key]
        for mention in located.mentions:
            found += [self._query.prompt[slice(*span)] for span in self._above(mention.chars)]
            found.append(self._query.prompt[slice(*mention.chars)])
        return frozenset(word.stem for text in found for word in words(text, self._query.language))

    def _above(self, chars: Span) -> list[Span]:
        """Return the text of the block above a statement, without the statements that are not its first."""
        prompt = self._query.prompt
        turn = max((turn.start for turn in self._query.turns if turn.start <= chars[0]), default=0)
        start = max(turn, chars[0] - _LONGEST)
        start = max((cut.end() for cut in block_breaks(prompt, start, chars[0])), default=start)
        others = [span for span in self._spans if start <= span[0] and span[1] <= chars[0]][1:]
        spans, begun = [], start
        for first, last in [*others, (chars[0], chars[0])]:
            spans.append((begun, max(begun, first)))
            begun = max(begun, last)
        return spans
