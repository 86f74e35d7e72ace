"""Reads bindings out of a text, the messages of a chat, or an object."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from guardbind.errors import ConfigError, GuardbindError
from guardbind.evidence import Nesting, Record
from guardbind.extraction import json_text
from guardbind.extraction.apart import StatedAt, apart
from guardbind.extraction.changes import ChangeReader
from guardbind.extraction.chosen import chosen_rules
from guardbind.extraction.extracted import Extracted, ExtractedTable, with_spans
from guardbind.extraction.footnotes import without_footnotes
from guardbind.extraction.messages import MessagePart, parts_of
from guardbind.extraction.nested import nestings
from guardbind.extraction.owners import Address, Stated, addresses
from guardbind.extraction.prefixed import part_prefixes
from guardbind.extraction.prose import is_placeholder
from guardbind.extraction.records import records
from guardbind.extraction.rule import Block, Found, Path, Pattern, Rule, SparingRule, key_of, overlaps
from guardbind.extraction.struck import unstruck
from guardbind.registry import AUTO, LANGUAGES
from guardbind.text.detect import language_of
from guardbind.text.language import Language
from guardbind.text.layout import Span
from guardbind.text.values import Typed, classify, missing_parsers

__all__ = ["extract", "extract_parts"]

# The arguments of a call are JSON by the format of the messages: no other rule has a say in them, and they are read as
# such whatever somebody registers under the name `json`.
_ARGUMENTS = (("arguments", json_text.read),)
_DEEPEST = 64  # levels of an object

logger = logging.getLogger("guardbind")


class _Read(NamedTuple):
    """What was found in one part, by which rule, and in which of its blocks."""

    found: Found
    rule: str
    block: int


def extract(
    source: str | Sequence[Any] | Mapping[str, Any],
    *,
    rules: Sequence[str | Pattern | Rule] | None = None,
    language: str | Language = AUTO,
) -> ExtractedTable:
    """Find what a text, the messages of a chat or an object bind to which keys.

    Only what has the form of a rule is bound; nothing is guessed. `docs/extract.md` lists the forms and what is not
    found.

    Args:
        source: A text; messages with roles; or an object as `json.loads` returns it, whose values have no place.
        rules: Names of `RULES`, patterns or callables of your own, the most specific first. By default
            `default_rules()`; to add one to them, `[Pattern(...), *default_rules()]`.
        language: What the source is written in: a name of `LANGUAGES`, a language, or `auto` to tell it from the
            source.

    Raises:
        ConfigError: The source is nothing of these, or is nested too deeply.
        UnknownNameError: There is no rule of a name, or no such language.
        MissingDependencyError: A rule that is asked for by name needs a package that is not installed. A default rule
            is left out then, and a note of the table says so.

    >>> [(item.key, item.value) for item in extract("Bob's badge number is 4417.").items]
    [("Bob's badge number", '4417')]
    >>> [(item.key, item.value) for item in extract("Bobs Dienstnummer ist 4417.", language="german").items]
    [('Dienstnummer von Bob', '4417')]
    """
    parts: Iterable[MessagePart]
    if isinstance(source, str):
        parts = [MessagePart("text", text=source)]
    elif isinstance(source, Mapping):
        parts = [MessagePart("object", data=source)]
    elif isinstance(source, Sequence) and not isinstance(source, (bytes, bytearray)):
        parts = parts_of(source)
    else:
        raise ConfigError(f"the source is a {type(source).__name__}; a text, messages or a mapping is needed.")
    if language == AUTO:
        parts = list(parts)
        language = language_of("\n".join(part.text or "" for part in parts), map(LANGUAGES.get, LANGUAGES))
    return extract_parts(parts, rules, LANGUAGES.get(language) if isinstance(language, str) else language)


def extract_parts(
    parts: Iterable[MessagePart],
    rules: Sequence[str | Pattern | Rule] | None,
    language: Language,
    *,
    placed: bool = True,
) -> ExtractedTable:
    """Find what the parts of a source bind; the rest is as `extract` says.

    Args:
        parts: The parts.
        rules: As for `extract`.
        language: What they are written in.
        placed: Whether records have their spans; a caller that moves the statements asks for these afterwards.
    """
    readers, notes = chosen_rules(rules, language)
    notes += [
        f"{what} are not recognised: {package} is not installed (pip install 'guardbind[extract]')."
        for package, what in missing_parsers().items()
    ]
    table = _Builder(readers, notes, language).build(parts)
    return replace(table, items=with_spans(table.items)) if placed else table


class _Draft(NamedTuple):
    """What is known of a statement before all are found; the rest of an `Extracted` depends on the others."""

    key: str
    path: Path
    value: str
    span: Span | None
    statement: Span | None
    rule: str
    occurrence: int
    part: int | None
    decoded: str | None


class _Builder:
    """Collects what is found, in the order of the parts."""

    def __init__(self, readers: list[tuple[str, Rule]], notes: list[str], language: Language) -> None:
        self._language = language
        self._readers = readers
        self._notes = notes
        self._drafts: list[_Draft] = []
        self._stated: list[Stated] = []
        self._places: list[tuple[Span | None, ...]] = []
        self._blocks = 0
        self._keys: dict[Path, str] = {}
        self._counts: dict[str, int] = {}

    def build(self, parts: Iterable[MessagePart]) -> ExtractedTable:
        texts: list[str] = []
        places: list[str] = []
        reader = ChangeReader(self._language)
        for part in parts:
            if part.text is not None:
                read = _read(part.text, _ARGUMENTS if part.json_only else self._readers, self._notes)
                if not part.json_only:
                    read = _changed(part.text, read, reader, self._blocks)
                left = zip(read, unstruck(part.text, [found for found, _, _ in read]), strict=True)
                read = [one._replace(found=found) for one, found in left if found is not None]
                parted = part_prefixes(part.text, without_footnotes(part.text, [found for found, _, _ in read]))
                read = [one._replace(found=found) for one, found in zip(read, parted, strict=True)]
                for found, rule, block in read:
                    if not is_placeholder(part.text, found.value, self._language):
                        written = part.text[slice(*found.value)]
                        self._add(found, rule, written, len(texts), part.prefix, self._blocks + block)
                self._blocks += 1 + max((block for _, _, block in read), default=0)
                texts.append(part.text)
                places.append(part.where)
            elif part.data is not None:
                rule = "arguments" if part.prefix else "object"
                for path, value in self._leaves(part.data, part.prefix):
                    if not is_placeholder(value, (0, len(value)), self._language):
                        self._add(Found(path, (0, 0), (0, 0)), rule, value, None, (), self._blocks)
                self._blocks += 1
        addressed = addresses(self._stated)
        belonging = records(self._stated, addressed)
        nested = nestings(self._stated, addressed, belonging, self._language)
        statements = self._apart(belonging)
        each = zip(self._drafts, self._stated, self._places, addressed, belonging, nested, statements, strict=True)
        items = tuple(
            _addressed(draft, stated, at, address, record, nesting, statement)
            for draft, stated, at, address, record, nesting, statement in each
            if statement is not None or draft.part is None
        )
        if len(items) < len(self._drafts):
            left_out = len(self._drafts) - len(items)
            self._notes.append(f"{left_out} statements left out: their values are parts of others.")
        return ExtractedTable(items, tuple(texts), tuple(places), tuple(self._notes), self._language)

    def _add(self, found: Found, rule: str, written: str, part: int | None, prefix: Path, document: int) -> None:
        path = (*prefix, *found.path)
        written_key = found.key or (found.path[0] if len(found.path) == 1 and found.form == "words" else None)
        key = self._keys.setdefault(path, str(written_key) if written_key and not prefix else key_of(path))
        typed = classify(written if found.decoded is None else found.decoded)
        span, statement = (None, None) if part is None else (found.value, found.statement)
        count = self._counts.get(key, 0)
        self._counts[key] = count + 1
        said = written if found.decoded is None else found.decoded
        self._drafts.append(_Draft(key, path, written, span, statement, rule, count, part, found.decoded))
        self._stated.append(Stated(found.path, found.form, document, typed, said))
        self._places.append(() if part is None else found.places)

    def _apart(self, belonging: Sequence[Record]) -> list[Span | None]:
        """Return statements that share no characters, but for those of one value; None for what has none left."""
        parts: dict[int, list[int]] = {}
        for at, draft in enumerate(self._drafts):
            if draft.part is not None:
                parts.setdefault(draft.part, []).append(at)
        spans: list[Span | None] = [None] * len(self._drafts)
        for places in parts.values():
            stated = [_stated_at(self._drafts[at], self._stated[at].typed, belonging[at]) for at in places]
            for at, span in zip(places, apart(stated), strict=True):
                spans[at] = span
        return spans

    def _leaves(self, value: Any, path: Path) -> Iterator[tuple[Path, str]]:
        """Yield the values of an object; None and what is blank bind nothing."""
        if len(path) > _DEEPEST:
            raise ConfigError(f"the object is nested deeper than {_DEEPEST} levels, or holds itself.")
        if isinstance(value, Mapping):
            for key, member in value.items():
                yield from self._leaves(member, (*path, str(key)))
        elif isinstance(value, (list, tuple)):
            for place, member in enumerate(value):
                yield from self._leaves(member, (*path, place))
        elif isinstance(value, str):
            if value.strip():
                yield path, value
        elif isinstance(value, (bool, int, float)):
            yield path, json.dumps(value)
        elif isinstance(value, (Decimal, date, UUID)):
            yield path, str(value)
        elif value is not None:
            self._notes.append(f"the value of {key_of(path)} is a {type(value).__name__}; it is not bound.")


def _addressed(
    draft: _Draft,
    stated: Stated,
    places: tuple[Span | None, ...],
    address: Address,
    record: Record,
    nesting: Nesting | None,
    statement: Span | None,
) -> Extracted:
    at = address.owner
    if at is not None and nesting is not None and str(stated.path[at]) in nesting.lent:
        at = None
    owner = None if at is None else str(stated.path[at])
    if at is None and len(draft.path) == 1 and address.attribute is not None:
        at = 0
    subject = None if at is None else str(stated.path[at])
    span = places[at] if at is not None and places else None
    depth = max((place for place, part in enumerate(stated.path) if isinstance(part, str) and part.strip()), default=0)
    heading = places[depth - 1] if 0 < depth <= len(places) else None
    return Extracted(
        draft.key,
        draft.path,
        draft.value,
        draft.span,
        statement,
        draft.rule,
        *stated.typed,
        draft.occurrence,
        draft.part,
        draft.decoded,
        address.attribute,
        owner,
        address.names,
        subject,
        span,
        stated.form,
        record,
        () if heading is None else (heading,),
        nesting=nesting,
    )


def _stated_at(draft: _Draft, typed: Typed, record: Record) -> StatedAt:
    assert draft.statement is not None
    assert draft.span is not None
    return StatedAt(draft.statement, draft.span, typed, (record.id, draft.key, typed))


def _blocks(name: str, rule: Rule, text: str, taken: Sequence[Span], notes: list[str]) -> list[Block]:
    """Return what a rule reads in textual order; nothing, with a note, where it fails: no text ends a request."""
    try:
        found = rule.beside(text, taken) if isinstance(rule, SparingRule) else rule(text)
        return sorted(found, key=lambda block: block.region)
    except GuardbindError:
        raise
    except Exception as error:
        # The message of the error may hold text of the prompt.
        note = f"the rule {name!r} raised {type(error).__name__}; what it would have read is left out."
        logger.warning("%s", note)
        logger.debug("%s", note, exc_info=True)
        if note not in notes:
            notes.append(note)
        return []


def _read(text: str, readers: Sequence[tuple[str, Rule]], notes: list[str]) -> list[_Read]:
    """Apply the rules in turn; what overlaps a part that was read before is dropped."""
    taken: list[Span] = []  # disjoint, in textual order
    found: list[_Read] = []
    blocks = 0
    for name, rule in readers:
        kept: list[Block] = []
        reached = 0
        for block in _blocks(name, rule, text, taken, notes):
            if block.region[0] >= reached and not overlaps(block.region, taken):
                kept.append(block)
                reached = block.region[1]
        found += [_Read(item, name, blocks + place) for place, block in enumerate(kept) for item in block.found]
        blocks += len(kept)
        taken = sorted(taken + [block.region for block in kept])
    return sorted(found, key=lambda read: read.found.value)


def _changed(text: str, read: list[_Read], reader: ChangeReader, blocks: int) -> list[_Read]:
    """Add the newer values of what was stated before, each to the block of that; `blocks` stood in other texts."""
    changes, dropped = reader.read(text, [(item.found, blocks + item.block) for item in read])
    if not changes and not dropped:
        return read
    kept = [item for at, item in enumerate(read) if at not in dropped]
    added = [_Read(change.found, "change", change.block - blocks) for change in changes]
    return sorted(kept + added, key=lambda item: item.found.value)
