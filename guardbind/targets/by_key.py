"""Resolves a slot by what the caller declared, or by the key that stands before it or in the query."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, NamedTuple, TypeAlias

from guardbind.errors import TargetError
from guardbind.evidence.bindings import Target
from guardbind.evidence.claim import key_places
from guardbind.evidence.locate import EvidenceTable
from guardbind.targets.aliases import NO_FIELDS, key_aliases
from guardbind.targets.question_bits import QuestionBits
from guardbind.targets.sources import Sources
from guardbind.text.decoded import PromptText
from guardbind.text.english import ENGLISH
from guardbind.text.language import Language
from guardbind.text.layout import Layout, Span, Unit, longest, occurrences

__all__ = ["How", "Resolution", "resolve"]

How: TypeAlias = Literal["declared", "slot_prefix", "sentence", "entity", "query", "reading", "only", "unresolved"]

# How far each way of finding the key is to be trusted, in [0, 1].
_SCORES: dict[str, float] = {"declared": 1.0, "slot_prefix": 0.95, "query": 0.9, "only": 0.5}

_OTHER_FIELD = re.compile(r",\s*\"[^\"\n]*\"\s*:")
_ASSIGNED = re.compile(r"[\"'`*\])]*\s*[=:|]\s*[\"'`\[({<*|]*\s*\S")


@dataclass(frozen=True, slots=True)
class Resolution:
    """The target of a slot.

    Attributes:
        index: Index into the items of the table; None if the target is unresolved.
        how: `declared` by the caller; `slot_prefix`, the key in the line before the slot; `query`, the key that the
            query names; `only`, the only key declared; or `unresolved`. Of bindings with an attribute (see
            `guardbind.targets`) also `sentence`, what the slot's own sentence names; `entity`, the value of the kind
            that begins that belongs to the owner named; and `reading`, where the words leave several open and the
            question rests on the record of this one.
        reason: Why, in words that hold no prompt text.
        key: The key, or the id of an evidence; None if the target is unresolved.
        score: How well it fits, in [0, 1]; 0 if the target is unresolved.
        open: Bindings among which the words leave open which is meant; empty where they tell, or where they say that
            none of them is.
        by_words: What the words alone say; equal to `index` where nothing else was asked.
        question: What the model's own reading says; None where that was not or could not be read.
        confirmed: Whether it says the same as the words.
        outranked: Bindings that state the same of the same thing, but by a source that is believed less.
    """

    index: int | None
    how: How
    reason: str
    key: str | None
    score: float = 0.0
    open: tuple[int, ...] = ()
    by_words: int | None = None
    question: QuestionBits | None = None
    confirmed: bool = False
    outranked: tuple[int, ...] = ()


class _AskingUnit(NamedTuple):
    """A sentence, or the part of it on one line, with the mentions of keys in it.

    `named` are all of them, `asked` those whose value is not written yet.
    """

    unit: Unit
    named: list[tuple[Span, str]]
    asked: list[tuple[Span, str]]

    @property
    def keys(self) -> set[str]:
        return {key for _, key in self.asked}


def resolve(
    table: EvidenceTable,
    prompt: PromptText,
    *,
    declared: str | Target | None,
    generated: str = "",
    language: Language = ENGLISH,
    sources: Sources | None = None,
    fields: Mapping[str, str] = NO_FIELDS,
) -> Resolution:
    """Find the target of the slot at the end of the prompt and what was generated since.

    In this order: what the caller declared; the key in the current line or sentence before the slot; the key that the
    query names, that is what was generated, the last question, or the last line behind the evidence, and else the last
    question before it; the only key. A place that names several keys leaves the target unresolved. A mention whose
    value was written already does not count. Of a reassigned key the latest value is taken, unless the query asks for
    the first, original or initial one. Two sources that differ leave it unresolved, unless one of them goes first.

    Args:
        table: What is declared for the row and where it stands.
        prompt: The decoded row.
        declared: A key, an evidence id or a `Target`, if the caller knows.
        generated: The text generated since the prompt.
        language: What both are written in.
        sources: Whose statements go before whose; None where that is not asked.
        fields: What the answer calls things, and what the prompt calls them; `declared` may be either.

    Raises:
        TargetError: `declared` names no binding and no evidence, or neither its first nor its last value.
    """
    if declared is not None:
        target = Target(declared) if isinstance(declared, str) else declared
        if target.which not in ("first", "last"):
            raise TargetError(f"the target {target.key!r} asks for {target.which!r}; 'first' or 'last' is needed.")
        if target.key not in table.keys:
            target = replace(target, key=key_aliases(fields, table.keys, language).get(target.key, target.key))
        return _take(table, target, "declared", "declared by the caller", sources)
    return _KeyResolver(table, prompt, generated, language, sources, fields).resolve()


def _take(table: EvidenceTable, target: Target, how: How, reason: str, sources: Sources | None) -> Resolution:
    among = [item for item in table.items if item.key == target.key]
    if len({None if item.record is None else item.record.id for item in among}) > 1:
        every = tuple(item.index for item in among)
        return Resolution(None, "unresolved", f"{reason}, but several records of the prompt do", None, open=every)
    history = list(table.history(target.key))
    if sources is not None:
        history = sources.in_turn(history)
        if how != "declared" and sources.disagree(history):
            return Resolution(None, "unresolved", f"{reason}, but two sources differ", None)
    item = history[0] if target.which == "first" else history[-1]
    if len(history) > 1:
        reason = f"{reason}; the {target.which} of {len(history)} values in the text"
    return Resolution(item.index, how, reason, target.key, _SCORES[how])


@cache
def _separator(language: Language) -> re.Pattern[str]:
    """Return what may stand between the key and the slot where several are named: `=[`, `: "`, `'s badge number is`."""
    return re.compile(
        r"(?=.*\S)[\"'`*\])|]*"
        rf"(?:[^,;]{{0,60}}?(?:[=:|\uff1a]|->|\u2192|{language.edge}(?:{language.statements.equal}){language.edge}))?"
        r"\s*[\"'`\u201c\u2018\[({<*|$]*\s*",
        re.DOTALL,
    )


def _gap(one: Span, other: Span) -> int:
    """Return the characters between two spans, below zero if they overlap."""
    return max(one[0], other[0]) - min(one[1], other[1])


class _KeyResolver:
    """Reads what stands between the evidence and the slot."""

    def __init__(
        self,
        table: EvidenceTable,
        prompt: PromptText,
        generated: str,
        language: Language,
        sources: Sources | None,
        fields: Mapping[str, str],
    ) -> None:
        self._table = table
        self._sources = sources
        self._aliases = key_aliases(fields, table.keys, language)
        self._language = language
        self._text = prompt.text + generated
        self._layout = Layout(self._text, prompt.specials, language)
        self._prompt_end = len(prompt.text)
        self._evidence_end = table.end
        surfaces = [s for item in table.items if item.value is not None for s in (item.value, *item.aliases)]
        self._surfaces = list(dict.fromkeys(surfaces))

    def resolve(self) -> Resolution:
        behind = self._lines(self._evidence_end)
        if (key := self._key_before_slot(behind[-1])) is not None:
            return self._take(key, behind, "slot_prefix", "the line before the slot names it")
        lines, query = behind, self._query(behind)
        if not query:
            lines = self._lines(0)
            query = self._questions(lines)
        keys = {key for line in query for key in line.keys}
        if len(keys) > 1:
            return Resolution(None, "unresolved", f"ambiguous: the query names {len(keys)} declared keys", None)
        if keys:
            return self._take(keys.pop(), lines, "query", "the query names it")
        if len(self._table.keys) == 1:
            return self._take(self._table.keys[0], behind, "only", "it is the only key declared")
        reason = f"neither the slot nor the query names one of the {len(self._table.keys)} declared keys"
        return Resolution(None, "unresolved", reason, None)

    def _take(self, key: str, lines: Sequence[_AskingUnit], how: How, reason: str) -> Resolution:
        if key in self._aliases:
            return Resolution(None, "unresolved", f"{reason}, but the caller calls something else so", None)
        return _take(self._table, Target(key, self._which(key, lines)), how, reason, self._sources)

    def _lines(self, start: int) -> list[_AskingUnit]:
        """Cut the text from `start` at line and sentence ends and find the keys in it; there is at least one line."""
        stretch = self._text[start:]
        places = key_places(stretch, (*self._table.keys, *self._aliases))
        keys = [(span, key if key in self._table.keys else self._aliases[key]) for span, key in places]
        values = occurrences(stretch, self._surfaces)
        kept = longest([span for span, _ in keys] + [span for span, _ in values])
        written = [a + start for (a, b), _ in values if (a, b) in kept]
        lines = [_AskingUnit(unit, [], []) for unit in self._layout.units(start, len(self._text))]
        starts = [line.unit.start for line in lines]
        for (a, b), key in keys:
            if (a, b) in kept:
                line = lines[bisect_right(starts, a + start) - 1]
                place = ((a + start, b + start), key)
                line.named.append(place)
                if line.unit.question or not self._answered(b + start, line.unit, written):
                    line.asked.append(place)
        return lines

    def _answered(self, key_end: int, unit: Unit, written: list[int]) -> bool:
        """Whether a value was written behind a key already."""
        following = bisect_left(written, key_end)
        if following < len(written) and written[following] < unit.end:
            return True
        if _OTHER_FIELD.search(self._text, key_end, unit.end):
            return True
        finished = self._prompt_end < unit.end < len(self._text)
        return finished and bool(_ASSIGNED.match(self._text, key_end, unit.end))

    def _key_before_slot(self, line: _AskingUnit) -> str | None:
        if line.unit.question or not line.asked:
            return None
        (_, end), key = line.asked[-1]
        if len(line.keys) == 1:
            return key
        other_end = max(span[1] for span, other in line.asked if other != key)
        start = min(span[0] for span, other in line.asked if other == key and span[0] >= other_end)
        listed = self._language.listed.fullmatch(self._text, other_end, start)
        return key if not listed and _separator(self._language).fullmatch(self._text, end) else None

    def _query(self, lines: Sequence[_AskingUnit]) -> list[_AskingUnit]:
        """Return the lines that ask: of what was generated the last, else the last questions, else the last line."""
        naming = [line for line in lines if line.asked]
        if not naming:
            return []
        last = naming[-1].unit
        if not last.question and (last.end > self._prompt_end or last.end == len(self._text)):
            return naming[-1:]
        return self._questions(lines) or naming[-1:]

    def _questions(self, lines: Sequence[_AskingUnit]) -> list[_AskingUnit]:
        """Return the last question that names a key, with the questions that it follows directly."""
        asking: list[_AskingUnit] = []
        for line in reversed(lines):
            if line.unit.question:
                if asking or line.asked:
                    asking.append(line)
            elif asking and self._text[line.unit.start : line.unit.end].strip():
                break
        return [line for line in asking if line.asked]

    def _which(self, key: str, lines: Sequence[_AskingUnit]) -> Literal["first", "last"]:
        """Read from the words near a key whether its first or its last value is asked for."""
        for line in reversed(lines):
            places = [span for span, named in line.named if named == key]
            if not places and (line.named or not line.unit.question):
                continue
            words = [
                word
                for word in self._language.questions.order.finditer(self._text, line.unit.start, line.unit.end)
                if not word["unwanted"] and not any(_gap(word.span(), span) < 0 for span, _ in line.named)
            ]
            if words:
                nearest = min(words, key=lambda word: min((_gap(word.span(), span) for span in places), default=0))
                return "first" if nearest["first"] else "last"
            if places and line.unit.question:
                break
        return "last"
