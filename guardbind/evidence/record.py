"""Defines a record: what belongs together in a prompt, by which names it goes, and what it stands in."""

from __future__ import annotations

from dataclasses import dataclass

from guardbind.text.layout import Span

__all__ = ["Nesting", "Record"]


@dataclass(frozen=True, slots=True)
class Record:
    """What belongs together: an object, a row, a card, a section, a call, a log line, or what is said of somebody.

    Two bindings belong together if their records have one id. The same key in two records is not a key with a history.

    Attributes:
        id: Tells it from the other records of the prompt.
        names: What it goes by, in any of these spellings: its id, its title, its first cell.
        outer: Id of the record that it stands in; None if it stands in none.
        spans: Half-open character ranges of all that belongs to it, its heading included; they index what the spans of
            its bindings index. Empty where it has no place.
    """

    id: str
    names: tuple[str, ...] = ()
    outer: str | None = None
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Nesting:
    """What a statement has from things around what it is of, or in it: the calf in a cow's object is no cow.

    Attributes:
        lent: Names of these things, which say nothing of the statement by themselves.
        kinds: What leads to the thing that it is of, and keys of its names: `calf`, `order_id`. With one of these words
            a question may go by a name that is lent: "the stall of Daisy's calf", "the total of Alice's order".
    """

    lent: tuple[str, ...]
    kinds: tuple[str, ...] = ()
