"""Makes items of several tables with captions that hold the same names, each with values of its own."""

from __future__ import annotations

from random import Random

from guardbind_bench.prompts.harm.item import HarmItem
from guardbind_bench.prompts.harm.layouts.tables import write_table
from guardbind_bench.prompts.harm.records import Cell, RecordBatch, asks, begins, called
from guardbind_bench.prompts.harm.told import told
from guardbind_bench.prompts.harm.values import HarmDraws
from guardbind_bench.prompts.harm.wordings import Wordings

__all__ = ["SHEETS", "sheets_item"]

SHEETS = ("sheets_csv", "sheets_markdown", "sheets_aligned")
"""The forms of several tables."""


def sheets_item(form: str, shape: Random, values: HarmDraws, words: Wordings, *, answerable: bool) -> HarmItem:
    """Draw two or three tables of the same names; the twin asks for a table that there is not."""
    domain = shape.choice(words.domains)
    captions = list(words.phrases["captions"])
    shape.shuffle(captions)
    sheets, size = shape.randrange(2, min(4, len(captions))), shape.choice((2, 2, 3, 4, 6))
    chosen = shape.sample(domain.fields, shape.randrange(1, 4))
    names = [values.draw(domain.id.kind).text for _ in range(size)]
    what, row, sheet = shape.choice(chosen), shape.randrange(size), shape.randrange(sheets)
    item = HarmItem(values.language, form, sheets * size)
    parts = []
    for caption in captions[:sheets]:
        rows = []
        for name in names:
            owner = f"{called(domain, name)}, {caption}"
            drawn = [(field, values.draw(field.kind)) for field in chosen]
            rows.append([Cell(field, item.state(owner, field.name, value), value.bare) for field, value in drawn])
        batch = RecordBatch(domain, names, rows, words, shape, item, chosen)
        parts.append(f"{caption}\n{write_table(batch, form.removeprefix('sheets_'))}")
    wanted = f"{called(domain, names[row])}, {captions[sheet]}"
    right = next(i for i, f in enumerate(item.facts) if (f.owner, f.attribute) == (wanted, what.name))
    same = [i for i, f in enumerate(item.facts) if f.attribute == what.name and i != right]
    # The same name in another sheet is the likeliest rival.
    item.rivals = sorted(same, key=lambda i: not str(item.facts[i].owner).startswith(called(domain, names[row])))
    item.asked = right if answerable else None
    if not answerable:
        item.rivals = [right, *item.rivals]
    lead = words.phrases["in_sheet"][0].format(caption=captions[sheet] if answerable else captions[sheets])
    question = lead + _small(asks(words, shape, domain, names[row], what), names[row], words)
    item.begun = lead + _small(begins(words, shape, domain, names[row], what), names[row], words)
    item.messages = told(item, batch, "\n\n".join(parts), question)
    return item


def _small(text: str, name: str, words: Wordings) -> str:
    """Return a sentence as it goes on behind a comma; a name keeps its capital."""
    first = text.split(maxsplit=1)[0]
    named = text.lower().startswith(name.split()[0].lower())
    return text[:1].lower() + text[1:] if words.spaced and first.isalpha() and not named else text
