"""What was extracted, and the bindings that a guard takes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from guardbind.evidence import Binding
from guardbind.extraction.types import Path, Span
from guardbind.extraction.values import Typed, ValueType, spellings

__all__ = ["Extracted", "ExtractedTable"]


@dataclass(frozen=True, slots=True)
class Extracted:
    """One statement of a binding.

    Attributes:
        key: The name of the value: as it is written, or a path like `order.items[0].price`.
        path: The parts of the key; the same path has the same key, whichever way it is written.
        value: The value as it is written, or, of an object that was never text, as JSON writes it.
        span: Half-open character range of the value in its part; None for a value that was never text.
        statement: The same of the whole statement, key included where it stands beside the value.
        rule: The rule that found it.
        type: What kind of value it is.
        canonical: The form that all spellings of the value share.
        occurrence: How many statements of the key stand before this one.
        part: Which of the table's texts it stands in; None for a value that was never text.
        decoded: The value without the escapes of its format, where it has some.
    """

    key: str
    path: Path
    value: str
    span: Span | None
    statement: Span | None
    rule: str
    type: ValueType
    canonical: str
    occurrence: int
    part: int | None
    decoded: str | None = None


@dataclass(frozen=True, slots=True)
class ExtractedTable:
    """What was extracted, in the order of the text.

    Attributes:
        items: Every statement, repeated ones too.
        texts: The texts that spans index: the text itself, those of the messages, or none.
        places: What each of the texts is: `text`, or the place in the messages.
        notes: What could not be looked for, and why.
    """

    items: tuple[Extracted, ...]
    texts: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The distinct keys, in the order of the text."""
        return tuple(dict.fromkeys(item.key for item in self.items))

    def history(self, key: str) -> tuple[Extracted, ...]:
        """Return the statements of a key, in the order of the text; none if it is not bound."""
        return tuple(item for item in self.items if item.key == key)

    @property
    def bindings(self) -> list[Binding]:
        """One binding for each value of each key, in the order of the text.

        Two spellings of one typed value are one binding with an alias. The spans index the text: give it to the guard
        as `source`. Messages have none until `in_prompt` has found them; without a span a guard looks for the value
        next to its key. So it does for a value stated more than once, whose statements no single span holds; where
        the key is a path, which is written nowhere, such a value has the span of its last statement.
        """
        groups: dict[tuple[str, Typed], list[tuple[int, Extracted]]] = {}
        owners: dict[tuple[str, str], Typed] = {}  # which value of a key a surface form stands for
        for place, item in enumerate(self.items):
            typed = Typed(item.type, item.canonical)
            groups.setdefault((item.key, typed), []).append((place, item))
            for form in _forms(item):
                owners.setdefault((item.key, form), typed)
        found: list[tuple[int, Binding]] = []
        for (key, typed), stated in groups.items():
            place, last = stated[-1]
            others = [form for form in spellings(typed) if owners.setdefault((key, form), typed) == typed]
            written = [form for _, item in reversed(stated) for form in _forms(item) if owners[key, form] == typed]
            surfaces = list(dict.fromkeys([*written, *others]))
            if not surfaces:
                continue  # its only form already stands for another value
            span = last.statement if self._indexed else None
            if len(stated) > 1 and all(self._beside(item) for _, item in stated):
                span = None
            found.append((place, Binding(key, surfaces[0], tuple(surfaces[1:]), span)))
        return [binding for _, binding in sorted(found, key=lambda pair: pair[0])]

    @property
    def _indexed(self) -> bool:
        """Whether the spans are those of one text, as a guard takes them."""
        return self.places in (("text",), ("prompt",))

    def _beside(self, item: Extracted) -> bool:
        """Whether the key is written in the statement."""
        if item.part is None or item.statement is None:
            return False
        return item.key in self.texts[item.part][slice(*item.statement)]

    def in_prompt(self, prompt: str) -> ExtractedTable:
        """Return the same table with spans in a prompt that a chat template rendered from the messages.

        Each text is looked for behind the one before it. What the template wrote in another way (the arguments of a
        call, mostly) keeps its place in the table but has no span; a note says so.

        Args:
            prompt: The rendered prompt.
        """
        shifts: list[tuple[int, Span] | None] = []
        notes = list(self.notes)
        cursor = 0
        for place, text in zip(self.places, self.texts, strict=True):
            found = _find(text, prompt, cursor)
            shifts.append(found)
            if found is not None:
                cursor = found[1][1]
            elif text.strip():
                notes.append(f"{place} is not in the prompt as it is written; its bindings have no span.")
        items = tuple(_shifted(item, None if item.part is None else shifts[item.part]) for item in self.items)
        return ExtractedTable(items, (prompt,), ("prompt",), tuple(notes))


def _forms(item: Extracted) -> list[str]:
    """Return how a value is written, and what that says without escapes."""
    return [form for form in (item.value, item.decoded) if form is not None]


def _find(text: str, prompt: str, cursor: int) -> tuple[int, Span] | None:
    """Return the shift of the places in a text, and the part of it that is there: a template may have stripped it."""
    for wanted in (text, text.strip()):
        at = prompt.find(wanted, cursor) if wanted else -1
        if at >= 0:
            start = text.index(wanted)
            return at - start, (at, at + len(wanted))
    return None


def _shifted(item: Extracted, shift: tuple[int, Span] | None) -> Extracted:
    if item.span is None or item.statement is None or shift is None:
        return replace(item, span=None, statement=None, part=None)
    by, (low, high) = shift
    start, stop = item.statement[0] + by, item.statement[1] + by
    statement = (max(start, low), min(stop, high))
    return replace(item, span=(item.span[0] + by, item.span[1] + by), statement=statement, part=0)
