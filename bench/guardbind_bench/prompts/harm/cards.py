"""Makes the prompts of `cards`: list items and cards, each with fields of its own."""

from __future__ import annotations

from collections.abc import Sequence

from guardbind_bench.prompts.harm.item import HarmItem, Said
from guardbind_bench.prompts.harm.layouts.cards import CARDS, write_cards
from guardbind_bench.prompts.harm.records import RecordBatch, RecordsTask
from guardbind_bench.prompts.harm.told import told
from guardbind_bench.prompts.harm.wordings import Wordings

__all__ = ["Cards"]


class Cards(RecordsTask):
    """Two to twenty cards: items with a list or a line of fields, labels one below the other."""

    name = "cards"

    def forms(self, words: Wordings) -> Sequence[str]:
        """Return the forms of a card."""
        return CARDS

    def write(self, item: HarmItem, batch: RecordBatch, question: str) -> list[Said]:
        """Write the cards, and the question below or above."""
        return told(item, batch, write_cards(batch, item.form), question)
