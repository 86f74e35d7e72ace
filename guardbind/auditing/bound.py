"""Checks what a claim states against what the context binds, exactly and without a model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from guardbind.auditing.citations import find_citations
from guardbind.auditing.judged import BindingJudgement, BindingState
from guardbind.auditing.names import SpanNames
from guardbind.auditing.spans import Context
from guardbind.auditing.trace import AuditTrace, TraceClaim
from guardbind.evidence import EvidenceTable, Located, locate
from guardbind.extraction import Extracted, classify, extract
from guardbind.targets import Agreement, Place, Query, read_query
from guardbind.targets.turn_layout import TurnLayout
from guardbind.targets.unread import UnreadSentences
from guardbind.text.decoded import PromptText
from guardbind.text.layout import Layout, occurrences
from guardbind.text.words import content, words

__all__ = ["BoundValues"]

_GAP = "\n\n"
_UNIT = re.compile(r"\s?(?:[^\W\d_]{1,4}|[%°€$£¥])")


class _StatedValue(NamedTuple):
    """A value that a claim states: where, what it says, and the words that say whose it is."""

    start: int
    value: str
    prefix: str
    certain: bool


class BoundValues:
    """What a context binds, and whether claims agree with it.

    Args:
        context: The context in spans.
        trace: What is audited; its question says what a claim is about that does not say so itself.
        names: What can be cited.
    """

    def __init__(self, context: Context, trace: AuditTrace, names: SpanNames) -> None:
        self._context = context
        self._language = context.language
        self._starts: list[int] = []
        whole = ""
        for text in context.texts:
            self._starts.append(len(whole))
            whole += text + _GAP
        found = extract(whole, language=self._language)
        asked = trace.question or ""
        prompt = PromptText(whole + asked, tuple((at, at + 1) for at in range(len(whole) + len(asked))))
        self._table: EvidenceTable = locate(found.bindings, prompt, language=self._language)
        end = len(prompt.text)
        query = (
            read_query(prompt, len(whole), self._language)
            if asked.strip()
            else Query("", "", (), None, prompt.text, (end, end), self._language)
        )
        self._agreement = Agreement(self._table, query)
        self._unread = UnreadSentences(self._table, query, TurnLayout(query))
        self.notes = found.notes
        self._trace = trace
        self._blanked = trace.answer
        for cited in find_citations(trace.answer, names):
            start, stop = cited.span
            self._blanked = self._blanked[:start] + " " * (stop - start) + self._blanked[stop:]
        self._said = extract(self._blanked, language=self._language).items if trace.answer else ()

    @property
    def any(self) -> bool:
        """Whether the context binds anything."""
        return bool(self._table.items)

    def judge(self, claim: TraceClaim) -> BindingJudgement:
        """Return what the binding table says of a claim."""
        text, stated = self._stated(claim)
        judged = [found for one in stated if (found := self._of(text, one, claim)) is not None]
        for state in ("differs", "unresolved", "agrees"):
            for one in judged:
                if one.state == state:
                    return one
        return BindingJudgement(state="none", reason="it states no value that is read as one")

    def says_more(self, claim: TraceClaim, judged: BindingJudgement) -> bool:
        """Whether a claim has words that its bound value does not account for."""
        # Records of one form have the same keys: {"owner": "Bob", "balance": 3}, {"owner": "Alice", "balance": 5}.
        alike = (item for item in self._table.items if item.key == judged.key and item.value == judged.bound)
        item = next((item for item in alike if self._spans(item) == judged.spans), None)
        if item is None:
            return True
        own = item.record.id if item.record else None
        together = [one for one in self._table.items if one.record and one.record.id == own] or [item]
        said = [text for one in together for text in (one.key, *one.surfaces, *one.owners, one.attribute or "")]
        said += [name for one in together if one.record for name in one.record.names]
        known = " ".join((*said, judged.written or "", self._trace.question or ""))
        # As it is written, which a number needs ("4417.20"), and in its parts, as a key is told ("home.phone").
        parted = f"{known} {known.replace('_', ' ').replace('.', ' ')}"
        stems = {word.stem for word in words(parted, self._language)}
        language = self._language
        plain = stems | language.plain | language.generic | language.trailing | language.leading
        return any(word.stem not in plain for word in content(words(claim.text, language)))

    def _stated(self, claim: TraceClaim) -> tuple[str, list[_StatedValue]]:
        """Return the text of a claim, and the values that it states."""
        whole = bool(self._trace.answer) and claim.start is not None and claim.stop is not None
        if whole:
            start, stop = claim.start or 0, claim.stop or 0
            text = self._blanked[start:stop]
            items: Sequence[Extracted] = [
                item for item in self._said if item.span and start <= item.span[0] and item.span[1] <= stop
            ]
        else:
            start, text = 0, claim.text
            items = extract(text, language=self._language).items
        # The name in the first cell of a row is whose the others are.
        read = (self._of_item(text, item, start) for item in items if item.span is not None)
        stated = [one for one in read if one is not None]
        taken = {one.start for one in stated}
        if not stated:
            stated = [one for one in self._known(text) if one.start not in taken]
        return text, stated

    def _of_item(self, text: str, item: Extracted, start: int) -> _StatedValue | None:
        assert item.span is not None
        at = item.span[0] - start
        if item.owner is not None and item.value == item.owner:
            return None
        if item.form == "words":
            return _StatedValue(at, item.said, self._sentence(text, at), True)
        if item.owner is not None and item.attribute is not None:
            return _StatedValue(at, item.said, f"{self._language.possession(item.owner, item.attribute)}: ", True)
        return _StatedValue(at, item.said, self._sentence(text, at), True)

    def _known(self, text: str) -> Iterator[_StatedValue]:
        """Yield the values of the context that a claim holds, where it is read as no statement of any form."""
        surfaces = {surface for item in self._table.items for surface in item.surfaces}
        owners = {owner.casefold() for item in self._table.items for owner in item.owners}
        for (start, _), surface in occurrences(text, surfaces):
            if surface.casefold() not in owners:
                yield _StatedValue(start, surface, self._sentence(text, start), False)

    def _sentence(self, text: str, at: int) -> str:
        return text[Layout(text, language=self._language).unit_start(at) : at].lstrip(" -*•|")

    def _of(self, text: str, stated: _StatedValue, claim: TraceClaim) -> BindingJudgement | None:
        found = self._agreement.resolve(Place(stated.prefix, stated.prefix))
        if found.index is None:
            if not stated.certain:
                return None
            return BindingJudgement(
                state="unresolved",
                written=stated.value,
                whose=self._whose(stated.value, None),
                reason=f"nothing that the context binds is certainly meant: {found.reason}",
            )
        target = self._table.items[found.index]
        if not target.surfaces:
            return None
        agrees = any(
            _same(stated.value, surface) or _begins(text[stated.start :], surface) for surface in target.surfaces
        )
        if not agrees and not stated.certain and not self._kin(target, stated.value):
            return None
        if not agrees and any(_digits(stated.value) == _digits(surface) != "" for surface in target.surfaces):
            reason = "it has the digits of the bound value, written in another way"
            return BindingJudgement(state="unresolved", key=target.key, written=stated.value, reason=reason)
        if agrees and self._unread.speaks_of(target):
            # It may be what replaces the value, in words that no rule knows.
            reason = "a sentence of the context that was not read speaks of the same"
            return BindingJudgement(state="unresolved", key=target.key, written=stated.value, reason=reason)
        spans = self._spans(target)
        cited = bool(set(spans) & set(claim.citations)) if claim.cites and spans else None
        state: BindingState = "agrees" if agrees else "differs"
        return BindingJudgement(
            state=state,
            key=target.key,
            written=stated.value,
            bound=target.value,
            whose=None if agrees else self._whose(stated.value, target),
            spans=spans,
            cited=cited,
            reason=self._reason(state, stated.value, target),
        )

    def _reason(self, state: BindingState, value: str, target: Located) -> str:
        if state == "agrees":
            return "it is the value that the context binds"
        others = [item for item in self._table.items if any(_same(value, surface) for surface in item.surfaces)]
        if any(item.key == target.key and _record(item) == _record(target) for item in others):
            return "it is another value of the same, which the context states too"
        if others:
            return "it is the value of something else in the context"
        return "the context binds another value, and states this one nowhere"

    def _whose(self, value: str, target: Located | None) -> str | None:
        """Return the key of something else that has a value, else that of the target where an older one is the same."""
        same = [item for item in self._table.items if any(_same(value, surface) for surface in item.surfaces)]
        others = [item for item in same if target is None or (item.key, _record(item)) != (target.key, _record(target))]
        found = next(iter([*others, *same]), None)
        if found is None or target is None or found.key != target.key or found.record is None:
            return None if found is None else found.key
        # Of another record of the same form, only a name says which.
        name = next((name for name in found.record.names if name not in found.surfaces), None)
        return found.key if name is None else self._language.possession(name, found.attribute or found.key)

    def _kin(self, target: Located, value: str) -> bool:
        same = [item.index for item in self._table.items if any(_same(value, surface) for surface in item.surfaces)]
        return self._agreement.same_kind(target.index, same)

    def _spans(self, item: Located) -> tuple[str, ...]:
        """Return the spans that state a binding."""
        found: dict[str, None] = {}
        for mention in item.stated:
            for span in self._context.spans:
                begin = self._starts[span.part] + span.start
                if begin < mention.value_chars[1] and mention.value_chars[0] < begin + len(span.text):
                    found[span.id] = None
        return tuple(found)


def _same(value: str, surface: str) -> bool:
    bare = value.strip().rstrip(".")
    if value.strip() == surface.strip() or classify(bare) == classify(surface):
        return True
    # "4417.20 EUR" states the value of {"balance": "4417.20"}.
    return bare.startswith(surface) and _UNIT.fullmatch(bare[len(surface) :]) is not None


def _record(item: Located) -> str | None:
    return None if item.record is None else item.record.id


def _digits(value: str) -> str:
    return "".join(filter(str.isdecimal, value))


def _begins(text: str, surface: str) -> bool:
    """Whether a text begins with a value, which goes no further."""
    return text.startswith(surface) and any(span[0] == 0 for span, _ in occurrences(text, [surface]))
