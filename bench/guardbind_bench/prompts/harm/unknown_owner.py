"""Makes the prompts of `unknown_owner`: the attribute is there, and the owner is another than the one asked for."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import ClassVar

from guardbind_bench.prompts.harm.item import HarmItem, Said
from guardbind_bench.prompts.harm.layouts.cards import write_cards
from guardbind_bench.prompts.harm.layouts.data import json_list
from guardbind_bench.prompts.harm.layouts.lines import write_lines
from guardbind_bench.prompts.harm.layouts.tables import write_table
from guardbind_bench.prompts.harm.records import RecordBatch, RecordsTask, TwinWay
from guardbind_bench.prompts.harm.told import told
from guardbind_bench.prompts.harm.values import HarmDraws
from guardbind_bench.prompts.harm.wordings import Domain, Wordings

__all__ = ["UnknownOwner"]

_SMALL = 0.35


class UnknownOwner(RecordsTask):
    """One to six owners, in prose, lines, a table or JSON; the question is often in small letters.

    The owner that the twin asks for is new, or much like one of those that there are.
    """

    name = "unknown_owner"
    sizes: ClassVar[Sequence[int]] = (1, 1, 2, 2, 3, 4, 6)
    widths: ClassVar[Sequence[int]] = (1, 2, 2)

    def forms(self, words: Wordings) -> Sequence[str]:
        """Return prose, lines, a table and JSON."""
        return ("prose", "prose", "lines", "host_lines", "cards", "markdown", "json")

    def item(self, shape: Random, values: HarmDraws, words: Wordings, *, answerable: bool) -> HarmItem:
        """Draw an item or its twin, and write the question small where that was drawn."""
        small = Random(shape.random())
        item = super().item(shape, values, words, answerable=answerable)
        if small.random() < _SMALL:
            at, question = item.question
            role, text = item.messages[at]
            start = text.rindex(question)
            item.messages[at] = Said(role, text[:start] + question.lower() + text[start + len(question) :])
            item.question = (at, question.lower())
        return item

    def write(self, item: HarmItem, batch: RecordBatch, question: str) -> list[Said]:
        """Write the owners, and the question below or above."""
        match item.form:
            case "prose":
                template = batch.shape.choice(batch.words.phrases["plain"])
                said = [batch.says(template, i, c.field, c.text) for i, row in enumerate(batch.rows) for c in row]
                return told(item, batch, (" " if batch.words.spaced else "").join(said), question)
            case "lines":
                lines = [
                    f"{name} {c.field.name}: {c.text}"
                    for name, row in zip(batch.names, batch.rows, strict=True)
                    for c in row
                ]
                return told(item, batch, "\n".join(lines), question)
            case "host_lines":
                return told(item, batch, write_lines(batch, "log_host"), question)
            case "cards":
                return told(item, batch, write_cards(batch, "labels"), question)
            case "markdown":
                return told(item, batch, write_table(batch, "markdown"), question)
        return told(item, batch, json_list(batch), question)

    def ways(self, width: int) -> Sequence[TwinWay]:
        """Return how a twin is made: by an owner that there is not."""
        return ("stranger",)

    def stranger(self, shape: Random, values: HarmDraws, domain: Domain, names: Sequence[str]) -> str:
        """Draw a name that there is not: new, or the parts of two, or with two digits changed about."""
        new = values.draw(domain.id.kind).text
        like = shape.choice(names)
        if shape.random() < 0.5:
            return new
        parts, others = like.split(), new.split()
        mixed = " ".join([*parts[:-1], others[-1]]) if len(parts) > 1 and len(others) > 1 else _swapped(like)
        return mixed if mixed not in names else new


def _swapped(name: str) -> str:
    """Return a name with its last two digits changed about, or the last made another one."""
    digits = [i for i, sign in enumerate(name) if sign.isdecimal()]
    if not digits:
        return name
    signs = list(name)
    last = digits[-1]
    if len(digits) > 1 and signs[digits[-2]] != signs[last]:
        signs[digits[-2]], signs[last] = signs[last], signs[digits[-2]]
    else:
        signs[last] = str((int(signs[last]) + 1) % 10)
    return "".join(signs)
