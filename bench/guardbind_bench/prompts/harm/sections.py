"""Makes the prompts of `sections`: headings with the same keys below each."""

from __future__ import annotations

from collections.abc import Sequence

from guardbind_bench.prompts.harm.item import HarmItem, Said
from guardbind_bench.prompts.harm.layouts.sections import SECTIONS, write_sections
from guardbind_bench.prompts.harm.records import RecordBatch, RecordsTask
from guardbind_bench.prompts.harm.told import told
from guardbind_bench.prompts.harm.wordings import Wordings

__all__ = ["Sections"]


class Sections(RecordsTask):
    """Two to twenty sections, whose headings are of many kinds."""

    name = "sections"

    def forms(self, words: Wordings) -> Sequence[str]:
        """Return the forms of a section."""
        return SECTIONS

    def write(self, item: HarmItem, batch: RecordBatch, question: str) -> list[Said]:
        """Write the sections, and the question below or above."""
        return told(item, batch, write_sections(batch, item.form), question)
