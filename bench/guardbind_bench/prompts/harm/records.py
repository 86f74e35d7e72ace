"""Draws records of one kind and a question about one of them, for all tasks that are made of records."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import ClassVar, Literal

from guardbind_bench.prompts.harm.item import HarmItem, HarmTask, Said
from guardbind_bench.prompts.harm.values import HarmDraws, HarmValue
from guardbind_bench.prompts.harm.wordings import Domain, FieldName, Wordings

__all__ = ["Cell", "RecordBatch", "RecordsTask", "TwinWay", "asks", "begins", "called", "filled", "rivals"]

_ARTICLE = re.compile(r"\A(?:the |la |le |el |l')")

TwinWay = Literal["stranger", "left out", "spare"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of one record, ready to be written.

    Attributes:
        field: What it is.
        text: The mark of its value.
        bare: The value is a number, which stands without quotes.
    """

    field: FieldName
    text: str
    bare: bool


@dataclass(slots=True)
class RecordBatch:
    """Records ready to be written.

    Attributes:
        domain: What they are about.
        names: Name of each record.
        rows: Of each record its cells; one that is left out stands in none.
        words: Wordings of the language.
        shape: Draws how they are written.
        item: What they belong to.
        fields: The fields that the records have.
    """

    domain: Domain
    names: list[str]
    rows: list[list[Cell]]
    words: Wordings
    shape: Random
    item: HarmItem
    fields: list[FieldName]

    def called(self, row: int) -> str:
        """How a sentence calls a record."""
        return called(self.domain, self.names[row])

    def heading(self, row: int) -> str:
        """What a heading calls a record: the same without an article."""
        text = _ARTICLE.sub("", self.called(row))
        return text[:1].upper() + text[1:]

    def says(self, template: str, row: int, what: FieldName, value: str) -> str:
        """Fill a statement about a field of a record."""
        return filled(template, self.domain, self.names[row], what, value=value)

    def width(self, text: str) -> int:
        """Return how many characters a text has once its marks are values."""
        return len(self.item.shown(text))

    def cell(self, row: int, name: FieldName) -> Cell | None:
        """Return a cell of a record, None where it is left out."""
        return next((cell for cell in self.rows[row] if cell.field == name), None)


def called(domain: Domain, name: str) -> str:
    """Return how a sentence calls something."""
    return domain.owner.format(id=name)


def filled(template: str, domain: Domain, name: str, what: FieldName, **more: str) -> str:
    """Return a template with owner and attribute in their places, and what else it asks for."""
    owner = called(domain, name)
    text = template.format(
        owner=owner,
        Owner=owner[:1].upper() + owner[1:],
        the=what.the,
        The=what.the[:1].upper() + what.the[1:],
        attribute=what.name,
        **more,
    )
    return (text[:1].upper() + text[1:]).replace(" de el ", " del ").replace(" de le ", " du ")


def asks(words: Wordings, shape: Random, domain: Domain, name: str, what: FieldName) -> str:
    """Draw a question for a field of a record."""
    text, tail = filled(shape.choice(words.questions), domain, name, what), shape.choice(words.tails)
    return text + (" " if tail and words.spaced else "") + tail


def begins(words: Wordings, shape: Random, domain: Domain, name: str, what: FieldName) -> str:
    """Draw how an answer begins: mostly a sentence, now and then a label or a field of JSON."""
    sentence = filled(shape.choice(words.begun), domain, name, what)
    label = f"{name} - {what.name}:" if words.spaced else f"{name} {what.name}："
    way = shape.random()
    if way < 0.75:
        return sentence
    return label if way < 0.88 else f'{{"{domain.id.key}": "{name}", "{what.key}": "'


class RecordsTask(HarmTask):
    """Records of one kind; any field of any of them is asked for.

    The twin asks for a record that there is not, for a field that the record lacks while others have it, or for one
    that none of them has.
    """

    sizes: ClassVar[Sequence[int]] = (2, 2, 2, 3, 3, 4, 5, 6, 8, 10, 14, 20)
    """How many records there are."""
    widths: ClassVar[Sequence[int]] = (1, 2, 2, 3, 3, 4)
    """How many fields each has."""

    @abstractmethod
    def forms(self, words: Wordings) -> Sequence[str]:
        """Return the forms that records can be written in, in this language."""

    def ways(self, width: int) -> Sequence[TwinWay]:
        """Return how a twin of records of some fields may be made."""
        return ("stranger", "stranger", "spare", "left out") if width > 1 else ("stranger", "spare")

    def stranger(self, shape: Random, values: HarmDraws, domain: Domain, names: Sequence[str]) -> str:
        """Draw a name that no record has."""
        return values.draw(domain.id.kind).text

    @abstractmethod
    def write(self, item: HarmItem, batch: RecordBatch, question: str) -> list[Said]:
        """Write the records in the item's form, the question and the place of the filler."""

    def item(self, shape: Random, values: HarmDraws, words: Wordings, *, answerable: bool) -> HarmItem:
        """Draw an item or its twin."""
        return self.drawn(shape.choice(self.forms(words)), shape, values, words, answerable=answerable)

    def drawn(self, form: str, shape: Random, values: HarmDraws, words: Wordings, *, answerable: bool) -> HarmItem:
        """Draw an item or its twin in a form."""
        domain = shape.choice(words.domains)
        size = shape.choice(self.sizes)
        chosen = shape.sample(domain.fields, min(shape.choice(self.widths), len(domain.fields)))
        names = [values.draw(domain.id.kind).text for _ in range(size)]
        stranger = self.stranger(shape, values, domain, names)
        held = [[values.draw(what.kind) for what in chosen] for _ in range(size)]
        row, column = shape.randrange(size), shape.randrange(len(chosen))
        what = chosen[column]
        way = shape.choice(self.ways(len(chosen)))
        asked_name, asked_field = names[row], what
        if not answerable and way == "stranger":
            asked_name = stranger
        if not answerable and way == "spare":
            asked_field = domain.spare
        item = HarmItem(values.language, form, size)
        rows = []
        for r, name in enumerate(names):
            left = (column,) if not answerable and way == "left out" and r == row else ()
            rows.append(_cells(item, domain, name, chosen, held[r], left))
        item.rivals = rivals(item, asked_field, called(domain, names[row]), held[row][column])
        if answerable:
            owner = called(domain, names[row])
            item.asked = next(
                i for i, fact in enumerate(item.facts) if fact.owner == owner and fact.attribute == what.name
            )
        elif way == "left out":
            item.missing = held[row][column].forms[:1]
        question = asks(words, shape, domain, asked_name, asked_field)
        item.begun = begins(words, shape, domain, asked_name, asked_field)
        batch = RecordBatch(domain, names, rows, words, shape, item, chosen)
        item.messages = self.write(item, batch, question)
        return item


def rivals(item: HarmItem, what: FieldName, owner: str, right: HarmValue) -> list[int]:
    """Return the facts whose values could be taken for the right one: other records' first, then those of its kind."""
    same = [i for i, fact in enumerate(item.facts) if fact.attribute == what.name and fact.owner != owner]
    kind = [i for i, fact in enumerate(item.facts) if fact.value.kind in (what.kind, right.kind)]
    found = dict.fromkeys([*same, *kind]) or dict.fromkeys(range(len(item.facts)))
    return [i for i in found if set(item.facts[i].value.forms).isdisjoint(right.forms)]


def _cells(
    item: HarmItem,
    domain: Domain,
    name: str,
    fields: Sequence[FieldName],
    held: Sequence[HarmValue],
    left: Sequence[int],
) -> list[Cell]:
    owner = called(domain, name)
    return [
        Cell(what, item.state(owner, what.name, value), value.bare)
        for i, (what, value) in enumerate(zip(fields, held, strict=True))
        if i not in left
    ]
