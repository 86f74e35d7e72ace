"""Describes the nouns that say of which kind something is, and nothing of which value is meant."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Nouns"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Nouns:
    """Nouns beside a name or an attribute, in lower case.

    Attributes:
        things: What records are of, and no person: "the boat Blue Heron".
        places: Those of them that lead to their name by a word: "la sucursal de Vera".
        links: The words that they do so by.
        fields: What a field of a record is called, with its name right behind: "das Feld Preis".
        compounds: A noun before another one says of which kind that is, so that only quotes make a name of it: a
            "field size" is no size, and the field "size" is.
        entries: What any field holds, where it is asked for: "which value".
    """

    things: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    compounds: bool = False
    entries: frozenset[str] = frozenset()
