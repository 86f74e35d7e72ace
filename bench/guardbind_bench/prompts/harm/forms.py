"""Makes the prompts of `forms`: records in every form that facts come in, from HTML to log lines and bills."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from guardbind_bench.prompts.harm.item import HarmItem, Said
from guardbind_bench.prompts.harm.layouts.files import CODE, FILES, write_file
from guardbind_bench.prompts.harm.layouts.lines import LINES, write_lines
from guardbind_bench.prompts.harm.layouts.markup import MARKUP, write_markup
from guardbind_bench.prompts.harm.layouts.tables import TABLES, write_table
from guardbind_bench.prompts.harm.records import RecordBatch, RecordsTask
from guardbind_bench.prompts.harm.sheets import SHEETS, sheets_item
from guardbind_bench.prompts.harm.told import told
from guardbind_bench.prompts.harm.values import HarmDraws
from guardbind_bench.prompts.harm.wordings import Wordings

__all__ = ["FormsTask"]

_FULL_WIDTH = ("full_width", "full_width_line")


class FormsTask(RecordsTask):
    """Two to twenty records; several tables with captions hold the same names."""

    name = "forms"

    def forms(self, words: Wordings) -> Sequence[str]:
        """Return the forms; those of programs where words have spaces, those of full width where they have none."""
        any_script = (*MARKUP, *FILES, *TABLES, *SHEETS)
        lines = tuple(form for form in LINES if form not in _FULL_WIDTH)
        return (*any_script, *lines, *CODE) if words.spaced else (*any_script, *lines, *_FULL_WIDTH * 3)

    def item(self, shape: Random, values: HarmDraws, words: Wordings, *, answerable: bool) -> HarmItem:
        """Draw an item or its twin; sheets hold each name several times."""
        form = shape.choice(self.forms(words))
        if form in SHEETS:
            return sheets_item(form, shape, values, words, answerable=answerable)
        return self.drawn(form, shape, values, words, answerable=answerable)

    def write(self, item: HarmItem, batch: RecordBatch, question: str) -> list[Said]:
        """Write the records, and the question below or above."""
        for forms, write in ((MARKUP, write_markup), ((*FILES, *CODE), write_file), (TABLES, write_table)):
            if item.form in forms:
                return told(item, batch, write(batch, item.form), question)
        return told(item, batch, write_lines(batch, item.form), question)
