"""Tells whether an agent steps through a list: what it asked a tool about already is not asked for again."""

from __future__ import annotations

import re
from collections.abc import Sequence

from guardbind.evidence import EvidenceTable
from guardbind.targets.attributes import Match
from guardbind.targets.labels import LabelTable
from guardbind.targets.place import Place
from guardbind.targets.query import Query
from guardbind.text.layout import occurrences

__all__ = ["Calls"]

# The name of a function, as the protocols of tool calls write it.
_NAME = re.compile(r"[\"'](?:name|function|tool|tool_name|action)[\"']\s*:\s*[\"'](?P<name>[\w.-]{1,80})[\"']")


class Calls:
    """Reads the calls that the assistant made before.

    Args:
        table: What the prompt binds.
        query: What it asks; it knows the turns.
        labels: How it is called.

    Attributes:
        under_way: Whether tools have answered since the user spoke last: what comes next may be another call.
    """

    def __init__(self, table: EvidenceTable, query: Query, labels: LabelTable) -> None:
        self._table = table
        self._labels = labels
        turns = [turn for turn in query.turns if turn.role == "assistant"]
        self._made = [query.prompt[turn.start : turn.end] for turn in turns]
        self._answered = any(turn.role == "tool" for turn in query.turns)
        spoken = max((turn.start for turn in query.turns if turn.role == "user"), default=0)
        self.under_way = any(turn.role == "tool" and turn.start > spoken for turn in query.turns)

    def repeats(self, item: int, place: Place) -> bool:
        """Whether a call of the same function had a binding's value for the same argument.

        Args:
            item: The binding.
            place: The field that is about to be written.
        """
        names = [found["name"] for found in _NAME.finditer(place.about)]
        if not names or place.asks == place.about:
            return False
        surfaces = self._table.items[item].surfaces
        argument = place.asks.strip("\"' :")
        return any(names[-1] in made and argument in made and bool(occurrences(made, surfaces)) for made in self._made)

    def asked_about(self, item: int) -> bool:
        """Whether the assistant wrote a binding's value before a tool answered: what it asked with is no answer."""
        surfaces = self._table.items[item].surfaces
        return self._answered and any(bool(occurrences(made, surfaces)) for made in self._made)

    def steps(self, match: Match, items: Sequence[int]) -> bool:
        """Whether a tool listed other things of the kind that an argument asks for."""
        if not self._answered:
            return False
        values = {self._table.items[item].value for item in items}
        core = match.labels[0].core or match.attribute
        return any(
            label.core == core and self._table.items[label.item].value not in values for label in self._labels.labels
        )
