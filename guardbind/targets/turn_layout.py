"""Lays a prompt out once for all that read its sentences, with what marks its turns between them."""

from __future__ import annotations

from functools import cached_property

from guardbind.targets.query import Query
from guardbind.text.layout import Layout

__all__ = ["TurnLayout"]


class TurnLayout:
    """The layout of a prompt, made when it is first asked for.

    What stands between two turns marks them, and parts what they say.

    Args:
        query: What is asked, and who said what.
    """

    def __init__(self, query: Query) -> None:
        self._query = query

    @cached_property
    def layout(self) -> Layout:
        """The boundaries of the prompt."""
        edges = [0, *(edge for turn in self._query.turns for edge in (turn.start, turn.end))]
        marks = [span for span in zip(edges[::2], edges[1::2], strict=False) if span[0] < span[1]]
        return Layout(self._query.prompt, marks, language=self._query.language)
