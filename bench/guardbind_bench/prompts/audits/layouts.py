"""Writes the facts of a document as spans: prose, cards, a table, a paragraph for each field, or a log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from guardbind_bench.prompts.audits.values import FieldValue
from guardbind_bench.prompts.audits.worlds import World, WorldDomain, WorldField

__all__ = ["DOCUMENT_FORMS", "DocumentFact", "FactSheet", "written"]


@dataclass(frozen=True, slots=True)
class DocumentFact:
    """A fact of a document.

    Attributes:
        owner: Whose it is.
        field: What it is.
        value: The value.
    """

    owner: str
    field: WorldField
    value: FieldValue


@dataclass(frozen=True, slots=True)
class FactSheet:
    """What is to be written.

    Attributes:
        world: The language.
        domain: What it is about.
        owners: The owners, in order.
        fields: The fields, in order.
        facts: The facts; a place of the grid may be empty.
    """

    world: World
    domain: WorldDomain
    owners: Sequence[str]
    fields: Sequence[WorldField]
    facts: Sequence[DocumentFact]

    def of(self, owner: str) -> list[DocumentFact]:
        """Return the facts of an owner, in the order of the fields."""
        return [fact for field in self.fields for fact in self.facts if (fact.owner, fact.field) == (owner, field)]

    def joined(self, sentences: Sequence[str]) -> str:
        """Return sentences as a paragraph."""
        return (" " if self.world.spaced else "").join(sentences)


Paragraph = tuple[str, tuple[DocumentFact, ...]]
"""A span, and the facts that it states."""


def written(sheet: FactSheet, form: str, rng: Random) -> list[Paragraph]:
    """Write the facts.

    Args:
        sheet: The facts.
        form: One of `DOCUMENT_FORMS`.
        rng: Draws sentences and their order.
    """
    return DOCUMENT_FORMS[form](sheet, rng)


def _said(fact: DocumentFact, rng: Random) -> str:
    sentence = rng.choice(fact.field.says).format(owner=fact.owner, value=fact.value.text)
    return sentence[:1].upper() + sentence[1:]


def _prose(sheet: FactSheet, rng: Random) -> list[Paragraph]:
    paragraphs = []
    for owner in sheet.owners:
        facts = sheet.of(owner)
        rng.shuffle(facts)
        paragraphs.append((sheet.joined([_said(fact, rng) for fact in facts]), tuple(facts)))
    return paragraphs


def _by_field(sheet: FactSheet, rng: Random) -> list[Paragraph]:
    paragraphs = []
    for field in sheet.fields:
        facts = [fact for owner in sheet.owners for fact in sheet.of(owner) if fact.field == field]
        rng.shuffle(facts)
        paragraphs.append((sheet.joined([_said(fact, rng) for fact in facts]), tuple(facts)))
    return paragraphs


def _cards(sheet: FactSheet, rng: Random) -> list[Paragraph]:
    mark = rng.choice(("- ", "* ", "  "))
    paragraphs = []
    for owner in sheet.owners:
        facts = sheet.of(owner)
        lines = [_title(owner), *(f"{mark}{fact.field.label}: {fact.value.text}" for fact in facts)]
        paragraphs.append(("\n".join(lines), tuple(facts)))
    return paragraphs


def _table(sheet: FactSheet, rng: Random) -> list[Paragraph]:
    rows = [[sheet.domain.heading, *(field.label for field in sheet.fields)]]
    for owner in sheet.owners:
        held = {fact.field.label: fact.value.text for fact in sheet.of(owner)}
        rows.append([_title(owner), *(held.get(field.label, "") for field in sheet.fields)])
    if rng.random() < 0.5:
        text = "\n".join("\t".join(row) for row in rows)
    else:
        rows.insert(1, ["---"] * len(rows[0]))
        text = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return [(text, tuple(sheet.facts))]


def _log(sheet: FactSheet, rng: Random) -> list[Paragraph]:
    facts = list(sheet.facts)
    rng.shuffle(facts)
    size = -(-len(facts) // 4)
    paragraphs = []
    hour = rng.randrange(6, 9)
    for first in range(0, len(facts), size):
        part = facts[first : first + size]
        lines = [
            f"[{hour + first // size:02d}:{7 * place + 3:02d}] {_said(fact, rng)}" for place, fact in enumerate(part)
        ]
        paragraphs.append(("\n".join(lines), tuple(part)))
    return paragraphs


def _title(owner: str) -> str:
    return owner[:1].upper() + owner[1:]


DOCUMENT_FORMS: dict[str, Callable[[FactSheet, Random], list[Paragraph]]] = {
    "prose": _prose,
    "by_field": _by_field,
    "cards": _cards,
    "table": _table,
    "log": _log,
}
"""How facts are written, by name."""
