"""Holds what was extracted, and makes of it the bindings that a guard takes."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from guardbind.evidence import Binding, Nesting, Record
from guardbind.extraction.apart import StatedAt, apart
from guardbind.extraction.rule import KeyForm, Path
from guardbind.extraction.surfaces import Surfaces
from guardbind.text.english import ENGLISH
from guardbind.text.language import Language
from guardbind.text.layout import Span, occurrences
from guardbind.text.values import Typed, ValueType, classify

__all__ = ["Extracted", "ExtractedTable", "moved", "with_spans"]

_set = object.__setattr__  # of what is frozen, before anybody holds it


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
        attribute: What is asked, where it is asked of someone: "badge number"; None where the key has no words.
        owner: The part of the key that says whose value it is; None where no part does.
        names: Other names of the owner: values that only this record has.
        subject: What has the value: the owner, or a key that nobody owns; None where neither is written.
        subject_span: Half-open character range of the subject in its part.
        form: What the parts of the key are, as in `Found`.
        record: What it belongs to; its spans index what `span` does. None where that was not asked for.
        headings: Half-open character ranges of what names its record and is no statement: the heading of a section, the
            name of a row, the key that leads to an object.
        source: Who said it: the role of the turn it stands in. None where nothing says so.
        nesting: Which of its names are those of something around it or in it; None where none are.
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
    attribute: str | None = None
    owner: str | None = None
    names: tuple[str, ...] = ()
    subject: str | None = None
    subject_span: Span | None = None
    form: KeyForm = "data"
    record: Record | None = None
    headings: tuple[Span, ...] = ()
    source: str | None = None
    nesting: Nesting | None = None

    @property
    def said(self) -> str:
        """The value without escapes."""
        return self.value if self.decoded is None else self.decoded

    @property
    def typed(self) -> Typed:
        """The type and the canonical form, which are equal for spellings of one value."""
        return Typed(self.type, self.canonical)


@dataclass(frozen=True, slots=True)
class ExtractedTable:
    """What was extracted, in the order of the text.

    Attributes:
        items: Every statement, repeated ones too.
        texts: The texts that spans index: the text itself, those of the messages, or none.
        places: What each of the texts is: `text`, or the place in the messages.
        notes: What could not be looked for, and why.
        language: What the texts are written in.
    """

    items: tuple[Extracted, ...]
    texts: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    language: Language = ENGLISH

    @property
    def keys(self) -> tuple[str, ...]:
        """The distinct keys, in the order of the text."""
        return tuple(dict.fromkeys(item.key for item in self.items))

    def history(self, key: str) -> tuple[Extracted, ...]:
        """Return the statements of a key, in the order of the text; none if it is not bound."""
        return tuple(item for item in self.items if item.key == key)

    @property
    def bindings(self) -> list[Binding]:
        """One binding for each value of each key of each record, in the order of the text.

        Two records may have the same key; that is no key with two values. Each binding has the spans of all its
        statements; they index the text: give it to the guard as `source`. Messages and objects have none until
        `in_prompt` has found them; without a span a guard looks for the value next to its key.

        Equal typed values are one `value`, whichever their keys and spellings, with the other spellings as aliases; no
        surface form stands for two values, so that all of them fit in one candidate set.
        """
        surfaces = self._surfaces
        groups: dict[tuple[str | None, str, Typed], list[tuple[int, Extracted]]] = {}
        for place, item in enumerate(self.items):
            record = None if item.record is None else item.record.id
            groups.setdefault((record, item.key, item.typed), []).append((place, item))
        found = []
        belonging = _Belonging(surfaces, indexed=self._indexed)
        for (_, key, typed), stated in groups.items():
            items = [item for _, item in stated]
            attribute = next((item.attribute for item in items if item.attribute is not None), None)
            owners = surfaces.every([owner for item in items for owner in _owners(item)]) if attribute else ()
            spans = [item.statement for item in items if item.statement is not None]
            nesting = items[0].nesting
            if nesting is not None:
                nesting = replace(nesting, lent=tuple(surfaces.every(nesting.lent)))
            about = belonging.of(items)
            binding = self._binding(surfaces, key, typed, spans, attribute, owners, **about, nesting=nesting)
            found.append((stated[-1][0], binding))
        return [binding for _, binding in sorted(found, key=lambda pair: pair[0])]

    @property
    def inverse(self) -> list[Binding]:
        """The other way round: what has a value, where the key says it; one for each attribute, value and subject.

        The key is the attribute and the value ("badge number 4417"), the value is the subject ("Alice"), and the owners
        are the surface forms of the value. A key that nobody owns is the subject of a `price` if its value is money, of
        a `date`, or else of a `value`. The spans hold the subject: they are the statement if it stands there, and the
        name of a row with what is between; of data, the key of the subject and the statement. As these are also
        spans of `bindings`, the two cannot be located together.
        """
        surfaces, said = self._surfaces, self.language.statements
        groups: dict[tuple[str, str, Typed], list[Extracted]] = {}
        for item in self.items:
            if item.attribute is not None and item.subject is not None:
                attribute = item.attribute if item.owner is not None else said.asked_of_keys.get(item.type, said.value)
                key = f"{attribute} {surfaces.of(item.typed)[0]}"
                groups.setdefault((key, attribute, classify(item.subject)), []).append(item)
        found = []
        belonging = _Belonging(surfaces, indexed=self._indexed)
        turned = [_widest(span for item in items for span in self._turned(item)) for items in groups.values()]
        for (key, attribute, typed), items, spans in zip(
            groups, groups.values(), self._apart(turned, groups), strict=True
        ):
            if spans is None:
                continue
            owners = surfaces.every(item.said for item in items)
            found.append(self._binding(surfaces, key, typed, spans, attribute, owners, **belonging.of(items)))
        return found

    def _apart(self, turned: Sequence[list[Span]], groups: Iterable[tuple[str, str, Typed]]) -> list[list[Span] | None]:
        """Return the spans of inverse bindings that no other one has a part of; None for one that has none left."""
        if not self._indexed:
            return list(turned)
        stated = [
            StatedAt(span, span, group[2], group) for group, spans in zip(groups, turned, strict=True) for span in spans
        ]
        kept = iter(apart(stated))
        left = [[span for _, span in zip(spans, kept, strict=False) if span is not None] for spans in turned]
        return [spans if spans or not before else None for spans, before in zip(left, turned, strict=True)]

    def _turned(self, item: Extracted) -> tuple[Span, ...]:
        """Return where a statement stands together with its subject."""
        if item.part is None or item.statement is None:
            return ()
        if item.subject_span is None:
            return (item.statement,)
        (start, stop), (low, high) = item.statement, item.subject_span
        whole, text = (min(start, low), max(stop, high)), self.texts[item.part]
        alone = occurrences(text[slice(*whole)], [text[low:high]])
        # Between the key of a subject and the statement may stand what others have.
        return (item.subject_span, item.statement) if item.form == "data" or not alone else (whole,)

    @property
    def _surfaces(self) -> Surfaces:
        stated = [(item.value, item.said) for item in self.items]
        return Surfaces(stated, list(self._subjects()), locale=self.language.locale)

    def _subjects(self) -> Iterator[tuple[str, str]]:
        """Yield each subject as it is written and what that says."""
        for item in self.items:
            if item.subject is None:
                continue
            if item.part is None or item.subject_span is None:
                yield item.subject, item.subject
            else:
                yield self.texts[item.part][slice(*item.subject_span)], item.subject

    def _binding(
        self,
        surfaces: Surfaces,
        key: str,
        typed: Typed,
        spans: Sequence[Span],
        attribute: str | None,
        owners: Iterable[str],
        record: Record | None,
        source: str | None,
        nesting: Nesting | None = None,
    ) -> Binding:
        value, *aliases = surfaces.of(typed)
        placed = tuple(spans) if self._indexed else ()
        one = placed[0] if len(placed) == 1 else None
        own = (value, *aliases)
        names = tuple([name for name in owners if name not in own])
        several = placed if one is None else ()
        return Binding(
            key,
            value,
            tuple(aliases),
            one,
            spans=several,
            attribute=attribute,
            owners=names,
            record=record,
            source=source,
            nesting=nesting,
        )

    @property
    def _indexed(self) -> bool:
        """Whether the spans are those of one text, as a guard takes them."""
        return self.places in (("text",), ("prompt",))

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
        return ExtractedTable(with_spans(items), (prompt,), ("prompt",), tuple(notes), self.language)


class _Belonging:
    """Gives bindings their records, each with the other surface forms of its names; those of a record share it."""

    def __init__(self, surfaces: Surfaces, *, indexed: bool) -> None:
        self._surfaces = surfaces
        self._indexed = indexed
        self._records: dict[int, Record] = {}  # by identity: the statements of a record hold the same one

    def of(self, items: Sequence[Extracted]) -> dict[str, Any]:
        """Return the record of the first of some statements, and who made all of them."""
        record, said = items[0].record, {item.source for item in items}
        source = said.pop() if len(said) == 1 else None
        return {"record": None if record is None else self._with_names(record), "source": source}

    def _with_names(self, record: Record) -> Record:
        if id(record) not in self._records:
            spans = record.spans if self._indexed else ()
            names = self._surfaces.every(record.names)
            self._records[id(record)] = Record(record.id, names, record.outer, spans)
        return self._records[id(record)]


def _owners(item: Extracted) -> tuple[str, ...]:
    return item.names if item.owner is None else (item.owner, *item.names)


def _widest(spans: Iterable[Span]) -> list[Span]:
    """Leave out what lies within another span."""
    kept: list[Span] = []
    for start, stop in sorted(set(spans), key=lambda span: (span[0], -span[1])):
        if not kept or stop > kept[-1][1]:
            kept.append((start, stop))
    return kept


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
        return replace(item, span=None, statement=None, part=None, subject_span=None, headings=())
    by, (low, high) = shift
    start, stop = item.statement[0] + by, item.statement[1] + by
    statement = (max(start, low), min(stop, high))
    headings = tuple((max(first + by, low), min(last + by, high)) for first, last in item.headings)
    span, subject = item.span, item.subject_span
    return replace(
        item,
        span=(span[0] + by, span[1] + by),
        statement=statement,
        part=0,
        subject_span=None if subject is None else (subject[0] + by, subject[1] + by),
        headings=headings,
    )


def with_spans(items: Sequence[Extracted]) -> tuple[Extracted, ...]:
    """Return statements whose records have the spans of all that belongs to them.

    That is every statement in the same text of the record and of those in it, with what stands between them where no
    other record has a part in it, and the headings. What is said in words stands by itself.

    Args:
        items: All statements of a table. They get their records in place, so nobody else may hold them yet: a copy of
            each would take as long as finding it.
    """
    outer = {item.record.id: item.record.outer for item in items if item.record is not None}
    pieces: defaultdict[tuple[str, int], set[Span]] = defaultdict(set)
    worded = {item.record.id for item in items if item.record is not None and item.form == "words"}
    stated: defaultdict[int, list[Span]] = defaultdict(list)
    for item in items:
        if item.record is None or item.part is None or item.statement is None:
            continue
        stated[item.part].append(item.statement)
        record: str | None = item.record.id
        pieces[item.record.id, item.part].update(item.headings)
        while record is not None:
            pieces[record, item.part].add(item.statement)
            record = outer.get(record)
    starts = {part: sorted(start for start, _ in spans) for part, spans in stated.items()}
    spans = {
        (record, part): _joined(sorted(found), starts[part], apart=record in worded)
        for (record, part), found in pieces.items()
    }
    placed: dict[tuple[int, int], Record] = {}  # one for all of its statements

    def with_place(record: Record, part: int) -> Record:
        if (id(record), part) not in placed:
            placed[id(record), part] = Record(record.id, record.names, record.outer, spans.get((record.id, part), ()))
        return placed[id(record), part]

    for item in items:
        if item.record is not None:
            _set(item, "record", with_place(item.record, item.part or 0))
    return tuple(items)


def moved(item: Extracted, by: int, source: str | None) -> None:
    """Move a statement that nobody else holds yet by some characters, and note who made it."""
    _set(item, "source", source)
    _set(item, "part", 0)
    if by:
        for name in ("span", "statement", "subject_span"):
            if (span := getattr(item, name)) is not None:
                _set(item, name, (span[0] + by, span[1] + by))
        _set(item, "headings", tuple((start + by, end + by) for start, end in item.headings))


def _joined(found: Sequence[Span], starts: Sequence[int], *, apart: bool) -> tuple[Span, ...]:
    """Join spans that overlap, and unless they stand apart, those without a statement in between."""
    joined: list[Span] = []
    for start, end in found:
        last = joined[-1][1] if joined else -1
        near = not apart and joined and bisect_left(starts, last) == bisect_left(starts, start)
        if joined and (start <= last or near):
            joined[-1] = (joined[-1][0], max(last, end))
        else:
            joined.append((start, end))
    return tuple(joined)
