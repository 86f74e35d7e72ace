"""Reads what the documents of audits are about: owners, fields, and how a sentence states them, by language."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import Field

from guardbind.frozen import Frozen
from guardbind_bench.yaml_file import read_yaml

__all__ = ["AUDIT_LANGUAGES", "FieldKind", "World", "WorldDomain", "WorldField", "world_of"]

AUDIT_LANGUAGES = ("en", "de", "fr", "es", "zh")
"""The languages of the documents."""

_WORLDS = Path(__file__).parent / "worlds"
_ACCEPTED = (
    "A world holds spaced, people, months and domains; a domain name, titles, heading, asides, owners and fields; a "
    "field label, kind, says, claim, ask and revised.",
)


class FieldKind(Frozen):
    """What the values of a field are; one of these is given."""

    unit: tuple[int, int, str] | None = None
    """A number from the first to the second, with a unit."""
    integer: tuple[int, int] | None = None
    """A count."""
    years: tuple[int, int] | None = None
    """A year, which is written without separators."""
    code: str | None = None
    """Signs, with digits in place of `#`."""
    among: tuple[str, ...] = ()
    """One of these."""


class WorldField(Frozen):
    """What each owner may have."""

    label: str
    """As a table or a card calls it."""
    kind: FieldKind | str
    """What its values are; by name `person`, `month`, `date`, `clock`, `tenths` or `euros`."""
    says: tuple[str, ...] = Field(min_length=1)
    """Sentences of a document, with `{owner}` and `{value}`."""
    claim: str
    """How a claim says it, unlike the sentences."""
    ask: str
    """How a question asks for it, with `{owner}`."""
    revised: tuple[str, ...] = Field(min_length=1)
    """Sentences that replace an earlier value by `{value}`."""


class WorldDomain(Frozen):
    """Things of one kind."""

    name: str
    """What the records call it."""
    titles: tuple[str, ...] = Field(min_length=1)
    """How a document is headed."""
    heading: str
    """What the first column of a table is headed."""
    asides: tuple[str, ...] = Field(min_length=2)
    """Sentences that state none of the fields."""
    owners: tuple[str, ...] = Field(min_length=6)
    """What the things are called."""
    fields: tuple[WorldField, ...] = Field(min_length=4)
    """What they may have."""


class World(Frozen):
    """All domains of one language."""

    spaced: bool
    """Whether words are parted by spaces."""
    people: tuple[str, ...] = Field(min_length=8)
    """Names of persons, for values."""
    months: tuple[str, ...] = Field(min_length=12, max_length=12)
    """Names of the months."""
    domains: tuple[WorldDomain, ...] = Field(min_length=1)
    """What there is to write about."""


@cache
def world_of(language: str) -> World:
    """Return what documents of a language are about.

    Raises:
        ConfigError: There is none of this language.
    """
    return read_yaml(_WORLDS / f"{language}.yaml", World, what="world", accepted=_ACCEPTED)
