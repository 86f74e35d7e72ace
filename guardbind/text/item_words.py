"""Describes a domain of items with known answers: what they are about, and how a text and a claim say it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ItemDomain"]


@dataclass(frozen=True, slots=True, eq=False)
class ItemDomain:
    """The words of items of one domain, which tell whether a verifier can judge claims in this language.

    Every name, attribute and value fits into both sentences as it stands, so those of one domain share a gender.

    Attributes:
        name: Its name, the same in every language.
        owners: What the values belong to; four at least.
        attributes: What the values are of their owners; two at least.
        values: The values; four at least.
        states: How a text says it, with `{name}`, `{attribute}` and `{value}`.
        claims: How a claim says the same in other words.
    """

    name: str
    owners: tuple[str, ...]
    attributes: tuple[str, ...]
    values: tuple[str, ...]
    states: str
    claims: str
