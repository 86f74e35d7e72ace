"""Finds where the bindings of a prompt stand among its tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from guardbind.errors import BindingError, TargetError, nearest
from guardbind.evidence.bindings import Binding, Evidence, check_bindings
from guardbind.evidence.claim import Claim, LocatedBy, claim
from guardbind.evidence.record import Nesting, Record
from guardbind.text.decoded import PromptText
from guardbind.text.english import ENGLISH
from guardbind.text.language import Language
from guardbind.text.layout import Span, longest, occurrences, verbatim

__all__ = ["EvidenceTable", "Located", "Mention", "SourceShift", "find_source", "locate"]


@dataclass(frozen=True, slots=True)
class Mention:
    """One place where the prompt states a binding.

    Attributes:
        tokens: The whole statement, from the key through the value and what closes it, in tokens without padding.
        value_tokens: The tokens of the value within it.
        chars: Half-open character range of the statement in the decoded prompt.
        value_chars: The same of the value. For a passage whose value is not known, or not written as declared, it is
            the whole statement.
        rule: How it was found: `key` (the value next to its key), `value` (the value alone, which is weaker), or the
            `span`, `token_span` or `text` that the caller gave.
    """

    tokens: range
    value_tokens: range
    chars: Span
    value_chars: Span
    rule: LocatedBy


@dataclass(frozen=True, slots=True)
class Located:
    """A binding or an evidence with its mentions.

    Attributes:
        index: Its place in the table, which is its place in what the caller gave.
        key: The key, or the id of an evidence.
        value: The value; None for an evidence.
        aliases: Other surface forms of the value.
        mentions: Where the prompt states it, in textual order.
        attribute: What is asked of the owners; None where the key is all there is.
        owners: Names, any of which says whose value it is.
        record: The record that it belongs to, its spans in the decoded prompt; None where nothing says so.
        source: Who says so, as its binding has it.
        nesting: Which of the names are those of something around it or in it.
    """

    index: int
    key: str
    value: str | None
    aliases: tuple[str, ...]
    mentions: tuple[Mention, ...]
    attribute: str | None = None
    owners: tuple[str, ...] = ()
    record: Record | None = None
    source: str | None = None
    nesting: Nesting | None = None

    @property
    def absent(self) -> bool:
        """Whether the prompt does not state it anywhere."""
        return not self.mentions

    @property
    def stated(self) -> tuple[Mention, ...]:
        """The mentions that hold the value as it is written; all of them where none does."""
        return tuple(m for m in self.mentions if m.value_chars != m.chars) or self.mentions

    @property
    def surfaces(self) -> tuple[str, ...]:
        """The value and its aliases, each once; none for an evidence."""
        if self.value is None:
            return ()
        return tuple(dict.fromkeys((self.value, *self.aliases))) if self.aliases else (self.value,)

    @property
    def evidence(self) -> bool:
        """Whether it is an `Evidence`, a passage whose value is not known."""
        return self.value is None


@dataclass(frozen=True, slots=True)
class EvidenceTable:
    """What was declared for a row and where it stands, in the order given."""

    items: tuple[Located, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The distinct keys and evidence ids, in the order given."""
        return tuple(dict.fromkeys(item.key for item in self.items))

    @property
    def end(self) -> int:
        """Where in the decoded prompt the last statement of anything ends."""
        return max((mention.chars[1] for item in self.items for mention in item.mentions), default=0)

    def history(self, key: str) -> tuple[Located, ...]:
        """Return what `key` is bound to, in textual order; a value that returns later is listed again.

        Items that are absent are listed, in the order given, only when nothing of the key is in the prompt.

        Raises:
            TargetError: No binding has that key and no evidence that id.
        """
        items = [item for item in self.items if item.key == key]
        if not items:
            raise TargetError(
                f"no binding or evidence is called {key!r}; declared: {', '.join(map(repr, self.keys)) or 'none'}.",
                hint=nearest(key, self.keys),
            )
        stated = sorted((mention.chars, item.index) for item in items for mention in item.mentions)
        order = [index for _, index in stated]
        runs = [index for i, index in enumerate(order) if i == 0 or order[i - 1] != index]
        return tuple(self.items[index] for index in runs) or tuple(items)

    def first(self, key: str) -> Located:
        """Return the earliest value of `key` in the text; raises `TargetError` as `history` does."""
        return self.history(key)[0]

    def last(self, key: str) -> Located:
        """Return the latest value of `key` in the text; raises `TargetError` as `history` does."""
        return self.history(key)[-1]


def locate(
    items: Sequence[Binding | Evidence],
    prompt: PromptText,
    *,
    source: str | None = None,
    language: Language = ENGLISH,
) -> EvidenceTable:
    """Find where each binding and each evidence stands in a prompt.

    A binding without a span is located by its words: each occurrence of the value (or of an alias, case as given, not
    inside a longer word or number) next to its key is a mention. A value that stands next to no declared key at all is
    a weaker mention, of rule `value`; one that stands only next to other keys, or not in the prompt, leaves the binding
    absent. Nothing is guessed.

    Args:
        items: What the caller declares.
        prompt: The decoded row.
        source: The text that character spans index, where that is not the decoded prompt: for instance the message
            that a chat template wrapped. It must occur in the decoded prompt exactly once.
        language: What the prompt is written in.

    Raises:
        BindingError: As `check_bindings`; a span outside of the prompt or of `source`; spans of two items that overlap,
            unless both are bindings of one value; a `source` that the decoded prompt has not exactly once.
    """
    check_bindings(items)
    given, origin = _given(items, prompt, source)
    named = {item.record.id: item.record for item in items if isinstance(item, Binding) and item.record}
    records = {name: origin.record(record) for name, record in named.items()}
    # Words say nothing where every item has its place.
    found = claim(items, prompt, language) if len(given) < len(items) else {}
    table = []
    for index, item in enumerate(items):
        claims = given[index] if index in given else found[index]
        mentions = tuple([_mention(prompt, c) for c in (sorted(claims) if len(claims) > 1 else claims)])
        if isinstance(item, Binding):
            record = None if item.record is None else records[item.record.id]
            located = Located(
                index,
                item.key,
                item.value,
                item.aliases,
                mentions,
                item.attribute,
                item.owners,
                record,
                item.source,
                item.nesting,
            )
        else:
            located = Located(index, item.id, None, (), mentions)
        table.append(located)
    return EvidenceTable(tuple(table))


def _mention(prompt: PromptText, claim: Claim) -> Mention:
    value_tokens = prompt.tokens(*claim.value)
    tokens = value_tokens if claim.value == claim.chars else prompt.tokens(*claim.chars)
    start, end = claim.chars
    if claim.rule in ("key", "value"):
        # A token that also holds a neighbour's word stays with the neighbour, unless it holds the value.
        while tokens.start < value_tokens.start and _has_word(prompt.text[prompt.spans[tokens.start][0] : start]):
            tokens = tokens[1:]
        while tokens.stop > value_tokens.stop and _has_word(prompt.text[end : prompt.spans[tokens.stop - 1][1]]):
            tokens = tokens[:-1]
    return Mention(tokens, value_tokens, claim.chars, claim.value, claim.rule)


def _has_word(text: str) -> bool:
    return any(char.isalnum() for char in text)


def _given(
    items: Sequence[Binding | Evidence], prompt: PromptText, source: str | None
) -> tuple[dict[int, list[Claim]], SourceShift]:
    """Return the claims of the items whose place the caller gives, and where what their spans index stands."""
    given: dict[int, list[Claim]] = {}
    explicit: list[tuple[Span, int]] = []
    indexed, origin = prompt.text, SourceShift(0, (0, len(prompt.text)))
    if source is not None and any(_spans(item) for item in items):
        indexed, origin = source, find_source(source, prompt.text)
    for index, item in enumerate(items):
        name = _name(item)
        places: list[Span] = []
        rule: LocatedBy = "span"
        for span in _spans(item):
            if span[1] > len(indexed):
                where = "decoded prompt" if source is None else "source"
                raise BindingError(
                    f"the span {span} of {name} ends outside of the {where}, which has {len(indexed)} characters.",
                    hint="Give the text that the span indexes as source." if source is None else None,
                )
            places.append(origin.place(span, name))
        if item.token_span is not None:
            if item.token_span[1] > len(prompt.spans):
                raise BindingError(
                    f"the token_span {item.token_span} of {name} ends outside of the prompt, which has "
                    f"{len(prompt.spans)} tokens without padding."
                )
            places, rule = [prompt.chars(range(*item.token_span))], "token_span"
        if places:
            explicit += [(chars, index) for chars in places]
            given[index] = [Claim(chars, _value_within(item, prompt.text, chars), rule) for chars in places]
        elif isinstance(item, Evidence) and item.text is not None:
            passages = longest((start, start + len(item.text)) for start in verbatim(prompt.text, item.text))
            given[index] = [Claim(passage, passage, "text") for passage in passages]
    _check_overlaps(items, sorted(explicit))
    return given, origin


def _check_overlaps(items: Sequence[Binding | Evidence], stated: Sequence[tuple[Span, int]]) -> None:
    """Refuse spans, given in textual order, that would leave open whose evidence a character is."""
    if not stated:
        return
    left, one = stated[0]  # of what was looked at, the span that reaches furthest
    for right, other in stated[1:]:
        if right[0] < left[1] and (one == other or not _same_value(items[one], items[other])):
            raise BindingError(
                f"the evidence of {_name(items[one])} (characters {left}) and of {_name(items[other])} (characters "
                f"{right}) overlap.",
                hint="Give spans that do not share a character; those of bindings of one value may.",
            )
        if right[1] > left[1]:
            left, one = right, other


def _same_value(one: Binding | Evidence, other: Binding | Evidence) -> bool:
    return isinstance(one, Binding) and isinstance(other, Binding) and one.value == other.value


def _name(item: Binding | Evidence) -> str:
    return repr(item.key if isinstance(item, Binding) else item.id)


def _spans(item: Binding | Evidence) -> tuple[Span, ...]:
    if item.span is not None:
        return (item.span,)
    return item.spans if isinstance(item, Binding) else ()


class SourceShift(NamedTuple):
    """What turns places in a source into places in the decoded prompt, and the part of the prompt that it fills."""

    shift: int
    filled: Span

    def place(self, span: Span, name: str) -> Span:
        """Return where a span of the source stands in the decoded prompt."""
        start, end = max(span[0] + self.shift, self.filled[0]), min(span[1] + self.shift, self.filled[1])
        if start >= end:
            raise BindingError(f"the span {span} of {name} covers only white space that the prompt does not have.")
        return start, end

    def record(self, record: Record) -> Record:
        """Return a record with its spans in the decoded prompt; what of them is not there is left out."""
        first, last = self.filled
        if not self.shift and all(first <= start < end <= last for start, end in record.spans):
            return record
        moved = ((max(start + self.shift, first), min(end + self.shift, last)) for start, end in record.spans)
        return replace(record, spans=tuple(span for span in moved if span[0] < span[1]))


def find_source(source: str, text: str) -> SourceShift:
    """Find the source in the decoded prompt; a chat template may have stripped it at both ends.

    Raises:
        BindingError: It is not there exactly once.
    """
    for wanted in (source, source.strip()):
        starts = list(verbatim(text, wanted)) if wanted else []
        if len(starts) == 1:
            return SourceShift(starts[0] - source.index(wanted), (starts[0], starts[0] + len(wanted)))
        if starts:
            raise BindingError(
                f"the source ({len(source)} characters) occurs {len(starts)} times in the decoded prompt; exactly one "
                "occurrence is needed.",
                hint="Give a longer part of the prompt as source, or token_span instead of span.",
            )
    raise BindingError(
        f"the source ({len(source)} characters) is not in the decoded prompt ({len(text)} characters) verbatim.",
        hint="Give the text as it stands in the prompt after the chat template, or token_span instead of span.",
    )


def _value_within(item: Binding | Evidence, text: str, chars: Span) -> Span:
    """Return the value within the passage given for it, behind the key if that is there too, else the whole passage."""
    if isinstance(item, Evidence):
        return chars
    passage = text[slice(*chars)]
    if passage in item.surfaces:
        return chars
    keys = [span for span, _ in occurrences(passage, [item.key])]
    values = [span for span, _ in occurrences(passage, item.surfaces)]
    kept = longest(keys + values)
    behind = [span for span in values if span in kept and keys and span[0] >= keys[0][1]]
    within = behind or [span for span in values if span in kept]
    if not within:  # "_Ann_" in a markup of underscores, which are of words otherwise
        marked = (re.search(rf"(?<![^\W_]){re.escape(one)}(?![^\W_])", passage) for one in item.surfaces)
        within = [found.span() for found in marked if found]
    return (chars[0] + within[0][0], chars[0] + within[0][1]) if within else chars
